"""What servers ask of the network: their ports, their requests, what their guests are told."""
