"""What both training and evidence measure with: radiomics-lite, Fréchet distance, KID, nearest neighbours."""
