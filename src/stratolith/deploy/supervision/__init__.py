"""The processes of a cloud: started, watched, found again, stopped."""
