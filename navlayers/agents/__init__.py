"""The server of `navlayers mcp`: mapping sets as read-only tools of agents, by the Model Context Protocol."""
