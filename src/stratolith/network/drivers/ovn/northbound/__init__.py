"""What the northbound database of OVN must contain, and how it is written."""
