"""Who calls and what they may do: tokens, roles, access rules. Nothing about a particular resource."""
