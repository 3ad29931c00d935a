# Makes skipd@.service of skipd.service, for several skipd on one machine: each with a configuration, states and sockets of its own.
s|^Description=.*|& (%i)|
s|/skipd\.toml|/%i.toml|
s|^StateDirectory=skipd$|&-%i|
s|^RuntimeDirectory=skipd$|&-%i|
