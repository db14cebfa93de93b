"""Keys: what is derived from them, and how they are kept."""

import stat
import subprocess
import sys

import pytest

from hlearn.errors import UsageError
from hlearn.trust import Key, KeyStore, OpenedSeeds, fresh_key, key_folder
from hlearn.trust.store import read_key


def test_seeds_follow_from_the_key_and_the_label_alone():
    one, again, other = Key.from_words("a"), Key.from_words("a"), Key.from_words("b")
    labels = range(200)
    assert [one.seeds.world(n) for n in labels] == [again.seeds.world(n) for n in labels]
    assert all(0 <= one.seeds.world(n) < 2**31 and 0 <= one.seeds.policy(n) < 2**32 for n in labels)
    assert not {one.seeds.world(n) for n in labels} & {other.seeds.world(n) for n in labels}
    assert not {one.seeds.world(n) for n in labels} & {one.seeds.policy(n) for n in labels}


def test_opened_seeds_are_the_ones_that_were_committed_to_and_seal_nothing():
    key = Key.from_words("a")
    opened = OpenedSeeds(key.seeds.secret)
    assert opened.commitment == key.seeds.commitment != Key.from_words("b").seeds.commitment
    assert [opened.world(n) for n in range(9)] == [key.seeds.world(n) for n in range(9)]
    digest = "0" * 64
    assert not Key(key.seeds.secret).is_sealed(digest, key.seal(digest))


def test_a_seal_belongs_to_one_line_and_one_key():
    key, line, other = Key.from_words("a"), "a" * 64, "b" * 64
    assert key.is_sealed(line, key.seal(line))
    for seal in (key.seal(other), Key.from_words("b").seal(line), "", None, 7, "\udc80", [key.seal(line)]):
        assert not key.is_sealed(line, seal)


def test_a_key_shows_its_id_and_never_its_secret():
    key = Key.from_words("a")
    assert key.secret.hex() not in repr(key) + str(key) + repr(key.seeds)
    assert key.seeds.secret.hex() not in repr(key.seeds)


def test_a_kept_key_is_found_again_and_is_for_its_owner_alone(tmp_path):
    store, key = KeyStore(tmp_path / "state" / "keys"), Key.new()
    assert store.find(key.id) is None
    path = store.keep(key)
    found = store.find(key.id)
    assert found is not None and found.secret == key.secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 32, "0" * 31])
def test_what_is_no_id_is_no_file(tmp_path, name):
    assert KeyStore(tmp_path).find(name) is None


def test_a_file_that_holds_no_key_or_another_one_is_named(tmp_path):
    store, key = KeyStore(tmp_path), Key.new()
    path = store.keep(key)
    path.write_text(Key.new().secret.hex())
    with pytest.raises(UsageError, match="another key"):
        store.find(key.id)
    path.write_bytes(b"\xff\x00 no key")
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        read_key(path)


def test_where_keys_lie_is_said_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HLEARN_STATE", str(tmp_path / "own"))
    assert key_folder() == tmp_path / "own" / "keys"
    monkeypatch.delenv("HLEARN_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert key_folder() == tmp_path / "xdg" / "hlearn" / "keys"


def test_a_suite_can_give_all_its_systems_one_key(monkeypatch, tmp_path):
    monkeypatch.delenv("HLEARN_KEY", raising=False)
    assert fresh_key().id != fresh_key().id
    monkeypatch.setenv("HLEARN_KEY", str(tmp_path / "k"))
    with pytest.raises(UsageError, match="is not there"):
        fresh_key()
    (tmp_path / "k").write_text(Key.from_words("a").secret.hex())
    assert fresh_key().id == Key.from_words("a").id


def test_the_room_needs_the_standard_library_alone():
    code = "import sys, hlearn.trust; print('numpy' in sys.modules or 'gymnasium' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
