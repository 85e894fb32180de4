"""The cards that an online account keeps."""
