"""The local world: a Slack, an Outposts API and an Azure on loopback, for demo and tests."""
