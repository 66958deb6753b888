"""What the plugin costs a shop, measured against its targets and against others in one run."""
