"""The verbs with their options, by what they are for; what they do is imported when they are called."""
