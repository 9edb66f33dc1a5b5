"""How a host's progress hears of lists that several threads read."""

import threading

from edlink._http.progress import one_by_one


def test_a_host_is_told_by_one_thread_at_a_time() -> None:
    """While a host takes in what one thread tells it, another waits."""
    inside, entered, leave = list[str](), threading.Event(), threading.Event()

    def progress(collection: str, _: int, __: int | None) -> None:
        inside.append(f"{collection} comes")
        entered.set()
        assert leave.wait(30)
        inside.append(f"{collection} goes")

    report = one_by_one(progress)
    threads = [threading.Thread(target=report, args=(name, 1, None)) for name in ("a", "b")]
    threads[0].start()
    assert entered.wait(30)
    threads[1].start()
    threads[1].join(0.05)
    leave.set()
    for thread in threads:
        thread.join(30)
    assert inside == ["a comes", "a goes", "b comes", "b goes"]


def test_a_host_that_does_not_listen_is_not_told() -> None:
    """Without a progress each report returns at once, and nothing comes of it."""
    assert list(map(one_by_one(None), ["users", "orgs"], [1, 2], [None, 2])) == [None, None]
