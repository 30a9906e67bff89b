"""What is checked: from the text that names it to a subject, and the inputs that it is given."""
