"""Grade many submissions side by side: in threads, in processes, on a cluster."""
