"""What tests use, shipped so that others can use it too: toy environments, labs without a system, contract kits.

- :mod:`hlearn.testing.toys`: small environments with a known best policy;
- :mod:`hlearn.testing.labs`: labs for trying an editor without a system on disk;
- :mod:`hlearn.testing.model_server`: a server that answers as models do, by a script, over the formats of
  :mod:`hlearn.testing.model_wires`;
- :mod:`hlearn.testing.contracts`: a test class for each door. Subclass it, say what is to be tested, and pytest runs
  the contract against it.
"""
