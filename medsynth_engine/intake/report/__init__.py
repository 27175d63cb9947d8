"""What an intake says of itself: the document, what people must look at, and the page to hand over."""
