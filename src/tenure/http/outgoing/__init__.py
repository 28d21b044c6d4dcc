"""What programs of ours send to others by themselves: one mail, one webhook, proven, bounded in time and size."""
