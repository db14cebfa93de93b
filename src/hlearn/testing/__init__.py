"""What tests use, shipped so that others can use it too: toy environments, scripted doubles, contract kits."""
