"""What rules the de-identification: DICOM's confidentiality table, and the categories of Safe Harbor."""
