"""What leaves: export folders, card, Croissant, DICOM."""
