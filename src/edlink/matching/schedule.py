"""When a host's sync may run: nightly or weekly windows by region, and days without any."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum

import attrs

from edlink.errors import ConfigError


class Region(StrEnum):
    """The regions that share one clock for their windows, whatever their schools' own zones."""

    us = "us"
    nz = "nz"
    au = "au"
    uk = "uk"


#: Fixed offsets from UTC in hours: windows do not move with daylight saving time.
_OFFSETS: Mapping[Region, int] = {Region.us: -5, Region.nz: -5, Region.au: 8, Region.uk: 0}

_WEEK = frozenset(range(7))
_HOURS_A_DAY = 24


def region_zone(region: Region) -> timezone:
    """Return the fixed offset of a region's windows."""
    return timezone(timedelta(hours=_OFFSETS[region]))


def _weekdays(values: Iterable[int]) -> frozenset[int]:
    return frozenset(values)


@attrs.frozen(kw_only=True)
class Blackout:
    """Days without a sync, from ``start`` up to and without ``end``."""

    start: date
    end: date

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise ConfigError("EDL-CONF-093", "a blackout range ends before it begins")


@attrs.frozen(kw_only=True)
class SyncSchedule:
    """
    A rule for when a sync may begin.

    Attributes:
        opens_at: Time of day at which a window opens, in ``zone``.
        zone: A fixed offset, or the host's own zone such as a ``ZoneInfo``.
        weekdays: Days on which a window opens, Monday is 0.
        hours: How long it stays open.
        blackouts: Days on which none opens.
    """

    opens_at: time
    zone: tzinfo
    weekdays: frozenset[int] = attrs.field(default=_WEEK, converter=_weekdays)
    hours: int = 24
    blackouts: tuple[Blackout, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= _WEEK:
            raise ConfigError("EDL-CONF-093", "a schedule needs weekdays from 0 to 6")
        if not 1 <= self.hours <= _HOURS_A_DAY or self.opens_at.tzinfo is not None:
            raise ConfigError("EDL-CONF-093", "a window is 1 to 24 hours long, from a local time")

    def opens_on(self, day: date) -> bool:
        """Return whether a window opens on a day of the schedule's zone."""
        dark = any(b.start <= day < b.end for b in self.blackouts)
        return day.weekday() in self.weekdays and not dark


@attrs.frozen
class SyncWindow:
    """One window, from ``opens`` up to and without ``closes``; both in UTC."""

    opens: datetime
    closes: datetime


def nightly(
    zone: tzinfo, *, opens_at: time = time(1), blackouts: Iterable[Blackout] = ()
) -> SyncSchedule:
    """Return a schedule with a window each night, from 01:00 unless told."""
    return SyncSchedule(opens_at=opens_at, zone=zone, blackouts=tuple(blackouts))


def twice_weekly(region: Region, *, blackouts: Iterable[Blackout] = ()) -> SyncSchedule:
    """Return a region's schedule: Tuesday and Friday from 18:00, open for 24 hours."""
    zone, days = region_zone(region), frozenset({1, 4})
    return SyncSchedule(opens_at=time(18), zone=zone, weekdays=days, blackouts=tuple(blackouts))


def current_window(schedule: SyncSchedule, now: datetime) -> SyncWindow | None:
    """
    Return the window that is open at a moment, or None.

    Args:
        schedule: The rule.
        now: A moment with a zone.

    Raises:
        ConfigError: EDL-CONF-094 for a moment without a zone.
    """
    today = local_today(schedule.zone, now)
    for day in (today, today - timedelta(days=1)):
        if schedule.opens_on(day):
            window = _window(schedule, day)
            if window.opens <= now < window.closes:
                return window
    return None


def next_window(schedule: SyncSchedule, now: datetime) -> SyncWindow | None:
    """
    Return the first window that opens after a moment, or None when blackouts leave none in a year.

    Raises:
        ConfigError: EDL-CONF-094 for a moment without a zone.
    """
    today = local_today(schedule.zone, now)
    for days in range(367):
        day = today + timedelta(days=days)
        if schedule.opens_on(day) and (window := _window(schedule, day)).opens > now:
            return window
    return None


def local_today(zone: tzinfo, now: datetime) -> date:
    """
    Return the day it is in a zone at a moment; what every ``on`` of this package wants.

    Raises:
        ConfigError: EDL-CONF-094 for a moment without a zone.
    """
    if now.tzinfo is None:
        message = "a moment needs a time zone to be a day somewhere"
        raise ConfigError("EDL-CONF-094", message, fix="Pass datetime.now(UTC).")
    return now.astimezone(zone).date()


def _window(schedule: SyncSchedule, day: date) -> SyncWindow:
    opens = datetime.combine(day, schedule.opens_at, tzinfo=schedule.zone).astimezone(UTC)
    return SyncWindow(opens, opens + timedelta(hours=schedule.hours))
