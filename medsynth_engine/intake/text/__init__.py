"""Text that is burned into pictures: found, read, masked. A check of its own after intake, in processes of its own."""
