from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from edlink.errors import ConfigError
from edlink.matching.schedule import (
    Blackout,
    Region,
    SyncSchedule,
    current_window,
    local_today,
    next_window,
    nightly,
    region_zone,
    twice_weekly,
)


@pytest.mark.parametrize(
    ("region", "opens"),
    [
        (Region.us, datetime(2026, 3, 3, 23, tzinfo=UTC)),
        (Region.nz, datetime(2026, 3, 3, 23, tzinfo=UTC)),
        (Region.au, datetime(2026, 3, 3, 10, tzinfo=UTC)),
        (Region.uk, datetime(2026, 3, 3, 18, tzinfo=UTC)),
    ],
)
def test_a_region_opens_on_tuesday_at_six_by_its_fixed_offset(
    region: Region, opens: datetime
) -> None:
    """Monday's next window is Tuesday 18:00 in the region's fixed offset, for 24 hours."""
    window = next_window(twice_weekly(region), datetime(2026, 3, 2, 12, tzinfo=UTC))

    assert window is not None
    assert (window.opens, window.closes) == (opens, opens + timedelta(hours=24))


def test_after_tuesday_comes_friday() -> None:
    """The window after Tuesday's is Friday's."""
    window = next_window(twice_weekly(Region.uk), datetime(2026, 3, 3, 18, tzinfo=UTC))

    assert window is not None
    assert window.opens == datetime(2026, 3, 6, 18, tzinfo=UTC)


def test_a_window_is_open_until_a_day_later() -> None:
    """Wednesday afternoon is still inside Tuesday's window; at 18:00 it is closed."""
    schedule = twice_weekly(Region.uk)

    assert current_window(schedule, datetime(2026, 3, 4, 17, 59, tzinfo=UTC)) is not None
    assert current_window(schedule, datetime(2026, 3, 4, 18, tzinfo=UTC)) is None


def test_a_host_keeps_its_own_zone() -> None:
    """Nightly at 01:00 follows the zone's daylight saving time."""
    schedule = nightly(ZoneInfo("America/Chicago"))

    winter = next_window(schedule, datetime(2026, 1, 10, 12, tzinfo=UTC))
    summer = next_window(schedule, datetime(2026, 7, 10, 12, tzinfo=UTC))

    assert winter is not None
    assert summer is not None
    assert (winter.opens.hour, summer.opens.hour) == (7, 6)


def test_no_window_opens_in_a_blackout() -> None:
    """A blackout's days are skipped, its end day is not."""
    blackout = Blackout(start=date(2026, 3, 3), end=date(2026, 3, 6))
    window = next_window(
        twice_weekly(Region.uk, blackouts=[blackout]), datetime(2026, 3, 2, tzinfo=UTC)
    )

    assert window is not None
    assert window.opens == datetime(2026, 3, 6, 18, tzinfo=UTC)


def test_a_blackout_of_a_year_leaves_no_window() -> None:
    """When nothing opens within a year there is no next window."""
    blackout = Blackout(start=date(2026, 1, 1), end=date(2028, 1, 1))
    schedule = nightly(UTC, blackouts=[blackout])

    assert next_window(schedule, datetime(2026, 3, 2, tzinfo=UTC)) is None
    assert current_window(schedule, datetime(2026, 3, 2, 2, tzinfo=UTC)) is None


def test_today_is_a_matter_of_place() -> None:
    """At 02:30 UTC on 6 June it is the 5th in the US and the 6th in Perth."""
    now = datetime(2026, 6, 6, 2, 30, tzinfo=UTC)

    assert local_today(region_zone(Region.us), now) == date(2026, 6, 5)
    assert local_today(timezone(timedelta(hours=8)), now) == date(2026, 6, 6)


def test_a_moment_without_a_zone_is_refused() -> None:
    """A naive moment is no day anywhere."""
    with pytest.raises(ConfigError, match="EDL-CONF-094"):
        local_today(UTC, datetime(2026, 6, 6))  # noqa: DTZ001 - that is the mistake


def test_a_blackout_that_ends_first_is_refused() -> None:
    """A range must hold a day."""
    with pytest.raises(ConfigError, match="EDL-CONF-093"):
        Blackout(start=date(2026, 1, 2), end=date(2026, 1, 2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": ()},
        {"weekdays": (7,)},
        {"hours": 0},
        {"hours": 25},
        {"opens_at": time(1, tzinfo=UTC)},
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    """Weekdays, hours and the time of day are checked."""
    with pytest.raises(ConfigError, match="EDL-CONF-093"):
        SyncSchedule(**({"opens_at": time(1), "zone": UTC} | wrong))  # type: ignore[arg-type]
