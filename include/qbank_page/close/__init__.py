"""Close: what a month lacks, and its pack."""
