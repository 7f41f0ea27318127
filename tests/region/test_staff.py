"""Accounts: one for each role, none of them anybody."""

import pytest

from beffroi.model.account import AccountKind, Role
from beffroi_region import staff
from beffroi_region.hospitals import hospitals

HOSPITALS = hospitals(5)


def test_every_role_has_an_account() -> None:
    """In the order of the roles, with names that the command line takes."""
    ready = staff.ready_accounts(HOSPITALS)
    assert [account.role for account in ready] == list(Role)
    assert len({account.name for account in staff.everybody(HOSPITALS)}) == len(staff.everybody(HOSPITALS))
    assert len({account.subject for account in staff.everybody(HOSPITALS)}) == len(staff.everybody(HOSPITALS))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.IDENTITY_CELL, Role.OPERATOR])
def test_privileges_need_a_grant(role: Role) -> None:
    """No token gives them."""
    (account,) = [a for a in staff.people(HOSPITALS) if a.role is role]
    assert account.needs_grant


def test_feeding_and_asking_are_apart() -> None:
    """Each hospital has one application that feeds and another one that asks, by facilities of their own."""
    applications = staff.applications(HOSPITALS)
    assert all(a.kind is AccountKind.APPLICATION for a in applications)
    assert len({a.facility for a in applications}) == len(applications)
    for hospital in HOSPITALS:
        roles = {a.role for a in applications if a.hospital_id == hospital.hospital_id}
        assert roles >= {Role.FEED, Role.HOSPITAL_APPLICATION}
