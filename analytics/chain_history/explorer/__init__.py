"""Files that explorers give: JSON answers and CSV downloads, in the forms they are known in."""
