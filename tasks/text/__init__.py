"""Chinese text: sentiment and topics; no Prefect, no files, no warehouse."""
