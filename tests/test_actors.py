from __future__ import annotations

import csv
from collections import Counter, defaultdict
from functools import cache

import pytest

from ceasefire_stance.articles.actor_tables import (
    COLUMNS,
    PERSON,
    actors_file,
    extend_rows,
    read_rows,
)
from ceasefire_stance.articles.actors import (
    GRACE_YEARS,
    Gazetteer,
    load_gazetteer,
    year_of,
)
from ceasefire_stance.corpus import DataError

from .invented_war import ROWS, actor_row, make_gazetteer

KINDS = {"state", "armed group", "party", "body", "organisation", "opposition", PERSON}


def found(text, year=None, gazetteer=None):
    matches = (gazetteer or make_gazetteer()).find(text, year)
    return [(text[m.start : m.end], m.actor.name) for m in matches]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Norland's army and Sudria’s navy", [("Norland", "Norland"), ("Sudria", "Sudria")]),
        ("the Sudrians' offer", [("Sudrians", "Sudria")]),
        ("the N.L. envoy, the NL envoy", [("N.L.", "Norland"), ("NL", "Norland")]),
        ("N.L.'s offer", [("N.L.", "Norland")]),
        ("the Marsh Liberation Front", [("Marsh Liberation Front", "Marsh Front")]),
        ("Sudrian rebels and Sudrian bakers",
         [("Sudrian rebels", "Sudrian rebels"), ("Sudrian", "Sudria")]),
        ("norland and the grey palace", []),
        ("Norlandia, Unsudria", []),
        ("NORLAND HITS GREY PALACE", [("NORLAND", "Norland"), ("GREY PALACE", "Norland")]),
        ("NORLAND hits the GREY PALACE", []),
    ],
)  # fmt: skip
def test_actors_are_found_in_a_text(text, pairs):
    assert found(text) == pairs


def test_a_country_of_two_letters_is_no_pronoun():
    us = make_gazetteer(actor_row("United Shires", aliases="U.S.|US"))
    assert found("Tell us what the U.S. wants of the US.", gazetteer=us) == [
        ("U.S.", "United Shires"), ("US", "United Shires"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("year", "actors"),
    [
        (1994, ["Norland"]),
        (1990 - GRACE_YEARS, ["Norland"]),
        (2015, ["Sudria"]),
        (2019 + GRACE_YEARS, ["Sudria"]),
        # Between the two terms the nearer one is meant, long before and after them nobody.
        (2002, ["Norland"]),
        (2007, ["Sudria"]),
        (1950, []),
        (2060, []),
    ],
)
def test_the_year_decides_between_namesakes(year, actors):
    assert [name for _, name in found("Brandt rejected it.", year)] == actors


def test_without_a_year_every_namesake_is_possible_and_one_is_given():
    (pair,) = found("Brandt rejected it.")
    assert pair in [("Brandt", "Norland"), ("Brandt", "Sudria")]


def test_a_name_of_a_party_comes_before_a_person_of_that_name():
    both = make_gazetteer(actor_row("Brandt Brigade", "armed group", aliases="Brandt"))
    assert found("Brandt rejected it.", 1994, both) == [("Brandt", "Brandt Brigade")]


@pytest.mark.parametrize(
    ("name", "actor"),
    [
        ("the Marsh Front", "Marsh Front"),
        ("The Marsh Front", "Marsh Front"),
        ("N.L.", "Norland"),
        ("NORDHAVEN", "Norland"),
        ("Sudrian", "Sudria"),
        ("Nordhaven bakers", None),
        ("", None),
    ],
)
def test_a_name_is_resolved_as_a_whole(name, actor):
    known = make_gazetteer().resolve(name)
    assert (known.name if known else None) == actor


def test_a_state_brings_its_codes():
    (match,) = make_gazetteer().find("Nordhaven agreed.")
    assert (match.actor.iso3, match.actor.cow, match.actor.gwno) == ("NRL", "9901", "9901")
    assert match.actor.kind == "state"
    (match,) = make_gazetteer().find("Ada Brandt agreed.")
    assert (match.kind, match.actor.name) == ("person", "Norland")


def test_a_name_that_comes_twice_is_refused():
    with pytest.raises(DataError, match=r"found 'Norland' twice; expected each name once"):
        make_gazetteer(actor_row("Norland", "opposition"))


def test_a_row_of_ones_own_extends_the_row_of_that_name():
    own = actor_row("Norland", iso3="NLD", aliases="Northerners|Nordhaven", adjectives="Norse")
    row = extend_rows(ROWS, [own])[0]
    # Lists grow, other cells take the place of ours, and empty ones leave ours.
    assert row["aliases"] == "Nordhaven|N.L.|Grey Palace|Northerners"
    assert row["adjectives"] == "Norlandish|Norlanders|Norse"
    assert (row["kind"], row["iso3"], row["cow"]) == ("state", "NLD", "9901")
    war = Gazetteer(extend_rows(ROWS, [own]))
    assert {war.resolve(w).iso3 for w in ("Northerners", "Nordhaven", "Norse")} == {"NLD"}
    assert war.resolve("Ada Brandt") == war.resolve("Norland")
    assert len(war.actors) == len(make_gazetteer().actors)
    # Ours are as they were.
    assert ROWS[0]["aliases"] == "Nordhaven|N.L.|Grey Palace"


def test_a_person_can_change_sides():
    own = {**actor_row("Ada Brandt", "", actor="Marsh Front"), "until": "2005"}
    war = Gazetteer(extend_rows(ROWS, [own]))
    assert war.resolve("Brandt", 2004).name == "Marsh Front"


def test_a_word_that_two_rows_claim_means_the_row_of_ones_own():
    own = [actor_row("Elva Council", "town", aliases="MLF"), actor_row("Concord", "choir")]
    war = Gazetteer(extend_rows(ROWS, own))
    assert war.resolve("MLF").name == "Elva Council"
    # A row whose name is an alias of ours is an actor of its own.
    assert war.resolve("Concord").kind == "choir"
    assert war.resolve("Concord of Nations").kind == "body"


def test_a_person_who_speaks_for_nobody_known_is_refused():
    rows = [*ROWS, actor_row("Ivo Tal", "person", actor="Norlund")]
    with pytest.raises(DataError, match=r"mine\.csv: Ivo Tal speaks for 'Norlund'.*Add that actor"):
        Gazetteer(rows, "mine.csv")


def table(tmp_path, content, name="actors.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_users_add_actors_of_their_own_and_extend_ours(tmp_path):
    path = table(
        tmp_path,
        "\ufeffname,kind,actor,iso3,aliases,notes\n"
        "Marsh Front,marsh dwellers,,,MLF|Marshmen,of any kind\n"
        "Ivo Tal,person,Marsh Front,,,\n"
        "Russia,,,,Muscovy of the tests,\n"
        "\n"
        ",state,,,nobody,\n",
    )
    ours = load_gazetteer(str(path))
    assert ours.resolve("Marshmen").name == "Marsh Front"
    assert ours.resolve("Marshmen").kind == "marsh dwellers"
    assert ours.resolve("Ivo Tal").name == "Marsh Front"
    assert ours.resolve("nobody") is None
    for name in ("Muscovy of the tests", "Russian Federation", "Kremlin"):
        assert ours.resolve(name) == load_gazetteer().resolve("Russia")
    assert ours.resolve("Ukraine").iso3 == "UKR"
    assert load_gazetteer().resolve("Marshmen") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,iso3\nNorland,NRL\n", "column 'kind' is missing; expected name, kind.*found 'name'"),
        ("name;kind\nNorland;state\n", "column 'kind' is missing.*found 'name;kind'.*put commas"),
        ("", "column 'kind' is missing.*found nothing"),
        ("name,kind,alias\n", "found column 'alias'; expected 'aliases'. Rename it"),
        ("Name,kind\n", "found column 'Name'; expected 'name'"),
        ("name,kind,kind\n", "found column 'kind' 2 times"),
        ("name,kind,since\nNorland,state,\nIvo,person,soon\n", "line 3: 'Ivo' is a person whose"),
        ("name,kind,since\nNorland,state,soon\n", "line 2: since is 'soon'"),
        ("name,kind,cow\nNorland,state,9²\n", "line 2: cow is '9²'"),
        (
            "name,kind,since,until\nNorland,state,1999,1990\n",
            "line 2: since is 1999 and until 1990",
        ),
        ("name,kind\nNorland,state\nElva, a town,town\n", "line 3: found 3 fields; expected 2"),
        ("name,kind,iso3\nNorland,state\n", "line 2: found 2 fields; expected 3"),
        ("name,kind\nNorland,state\n\nNorland,body\n", "line 4: 'Norland' stands above already"),
        ("name,kind\nNorland,\n", "line 2: the kind of 'Norland' is empty; expected state"),
        ('name,kind\n"Norland,state\n', r"line 2: .*expected fields quoted"),
        (b"name,kind\nR\xe9gence,state\n", r"line 2: byte 0xe9 is not UTF-8"),
    ],
)
def test_a_bad_table_of_actors_is_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_rows(table(tmp_path, content))


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_rows(tmp_path / "absent.csv")


@pytest.mark.parametrize(
    ("published", "year"),
    [("2021-03-04", 2021), ("1994", 1994), ("", None), (None, None), ("May 1994", None)],
)
def test_years_of_dates(published, year):
    assert year_of(published) == year


@cache
def shipped():
    return read_rows(actors_file())


def test_the_shipped_names_are_unique_and_of_known_kinds():
    counts = Counter(row["name"] for row in shipped())
    assert [name for name, n in counts.items() if n > 1] == []
    assert {row["kind"] for row in shipped()} == KINDS


def test_the_shipped_table_has_the_agreed_columns_in_every_row():
    with actors_file().open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    assert tuple(lines[0]) == COLUMNS
    assert [line for line in lines if len(line) != len(COLUMNS)] == []
    assert [row for row in shipped() if any("||" in cell for cell in row.values())] == []


def test_every_shipped_person_speaks_for_an_actor_that_is_there():
    actors = {row["name"] for row in shipped() if row["kind"] != PERSON}
    persons = [row for row in shipped() if row["kind"] == PERSON]
    assert [row["name"] for row in persons if row["actor"] not in actors] == []
    assert [row["name"] for row in shipped() if row["kind"] != PERSON and row["actor"]] == []


def test_shipped_years_are_in_order_and_of_this_age():
    for row in shipped():
        since, until = int(row["since"] or 1800), int(row["until"] or 2100)
        assert 1800 <= since <= until <= 2100, row["name"]


def test_shipped_codes_are_those_of_states():
    for row in shipped():
        if row["iso3"]:
            assert row["iso3"].isalpha(), row["name"]
            assert row["iso3"].isupper(), row["name"]
            assert len(row["iso3"]) == 3, row["name"]
        if row["kind"] != "state":
            assert (row["iso3"], row["cow"], row["gwno"]) == ("", "", ""), row["name"]


def test_a_code_is_shared_only_by_a_state_and_its_successor():
    for column, shared in (
        ("iso3", set()),
        ("cow", {("Russia", "Soviet Union"), ("Serbia", "Yugoslavia"),
                 ("North Vietnam", "Vietnam")}),
        ("gwno", {("Russia", "Soviet Union"), ("North Vietnam", "Vietnam")}),
    ):  # fmt: skip
        owners = defaultdict(list)
        for row in shipped():
            if row[column]:
                owners[row[column]].append(row["name"])
        assert {tuple(sorted(names)) for names in owners.values() if len(names) > 1} == shared


def test_no_word_of_the_shipped_table_names_two_states():
    owners = defaultdict(set)
    for row in shipped():
        if row["kind"] == "state":
            for cell in (row["name"], *row["aliases"].split("|"), *row["adjectives"].split("|")):
                if cell.strip():
                    owners[cell.strip()].add(row["name"])
    assert {word: names for word, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    ("text", "year", "actors"),
    [
        ("The U.S. and Russia’s envoys met.", 2020, ["United States", "Russia"]),
        ("The Kremlin told us nothing.", 2020, ["Russia"]),
        ("Hafez al-Assad agreed.", 1974, ["Syria"]),
    ],
)
def test_the_shipped_table_knows_the_world(text, year, actors):
    assert [m.actor.name for m in load_gazetteer().find(text, year)] == actors


def test_accents_and_house_styles_do_not_hide_a_name():
    gazetteer = make_gazetteer(
        actor_row("José Núñez", "person", actor="Norland"),
        actor_row("Archbishop of Elva", "organisation"),
    )
    for text in ("Jose Nunez", "José Núñez"):
        assert [m.actor.name for m in gazetteer.find(text)] == ["Norland"]
    assert gazetteer.find("the archbishop of Elva")[0].actor.name == "Archbishop of Elva"


def test_near_the_end_of_a_term_the_term_itself_decides():
    gazetteer = make_gazetteer(
        actor_row("Premier Oda Lind", "person", actor="Norland", aliases="Oda Lind", since="2020"),
        actor_row("Oda Lind", "person", actor="Hill Army", since="2010", until="2018"),
    )
    found = {year: gazetteer.resolve("Oda Lind", year).name for year in (2018, 2019, 2020)}
    assert found[2018] == "Hill Army"
    assert found[2020] == "Norland"
