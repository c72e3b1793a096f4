"""What virga is compared with. Each module measures one peer and stores its figures by key."""
