"""Every word and block that the bot says, one file for each surface a person reads it on."""
