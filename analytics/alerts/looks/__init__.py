"""What each rule looks at, by subject."""
