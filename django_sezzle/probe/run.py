"""One run of the probe: what it may do, the order of its questions, and the tidying up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django_sezzle.conf import LOOPBACK, Settings
from django_sezzle.exceptions import GatewayError
from django_sezzle.gateway.messages import Malformed
from django_sezzle.probe import endings, events, money, refusals, sessions
from django_sezzle.probe.client import Client, Refused
from django_sezzle.probe.desk import Desk
from django_sezzle.probe.listener import Listener
from django_sezzle.probe.orders import Book
from django_sezzle.probe.questions import Need
from django_sezzle.probe.report import Report

#: Where a shopper's browser ends when nobody listens.
NOWHERE = "https://example.com/probe"
MOST_CHECKOUTS = 3


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run may do."""

    checkouts: int = MOST_CHECKOUTS
    """How many checkouts may be asked of the human; more questions need more of them."""

    wait: float = 600
    """Seconds to wait for each shopper."""

    event_wait: float = 60
    """Seconds to wait for an event that has to come."""

    expiry: bool = False
    denial: bool = False
    dashboard: bool = False
    listen: tuple[str, int] | None = None
    public_url: str | None = None


@dataclass
class Probe:
    """
    Asks everything the options allow; :attr:`report` holds what came of it.

    :param say: takes each line for the human at the terminal.
    :raises Refused: the gateway is no sandbox.
    """

    settings: Settings
    options: Options
    say: Callable[[str], object]
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(self.settings)
        is_here = (urlsplit(self.settings.gateway_url).hostname or "") in LOOPBACK
        self.report = Report("a gateway on loopback" if is_here else "Sezzle's sandbox")

    def run(self) -> Report:
        """
        Ask, end every order, and return the report; also after an error or Ctrl-C.

        :raises GatewayRejected: Sezzle does not take the keys; nothing was asked.
        :raises GatewayUnavailable: nothing answered; nothing was asked.
        :raises Refused: the port to listen on is taken; nothing was asked.
        """
        with ExitStack() as stack:
            listener = self._listen(stack)
            self.client.authenticate()
            desk = self._prepare(listener)
            try:
                self._ask_everything(desk)
            except KeyboardInterrupt:
                self.report.troubles.append("It was interrupted.")
                desk.unmet = dict.fromkeys(Need, "It was interrupted.")
            finally:
                self._tidy_up(desk)
        events.conclude(desk)
        sessions.conclude(desk)
        self.report.close(self._unmet(desk))
        return self.report

    def _listen(self, stack: ExitStack) -> Listener | None:
        if self.options.listen is None:
            return None
        host, port = self.options.listen
        keys, url = self.settings.signing_keys, self.options.public_url
        try:
            return stack.enter_context(Listener(host, port, keys, public_url=url))
        except OSError as error:
            raise Refused(f"It cannot listen on {host}:{port}: {error.strerror}.") from error

    def _prepare(self, listener: Listener | None) -> Desk:
        def nowhere(where: str, reference: str) -> str:
            return f"{NOWHERE}/{where}/{reference}"

        return Desk(
            client=self.client,
            book=Book(self.client, listener.return_url if listener else nowhere),
            report=self.report,
            say=self.say,
            wait_seconds=self.options.wait,
            event_seconds=self.options.event_wait,
            listener=listener,
        )

    def _ask_everything(self, desk: Desk) -> None:
        self.say("Asking what needs no shopper.")
        with self._kept_going("sessions"):
            sessions.ask(desk)
        with self._kept_going("refusals"):
            refusals.ask(desk)
        if desk.listener is not None:
            self.say("Asking for sample events.")
            with self._kept_going("webhooks"):
                events.subscribe(desk)
        for name, need, ask in self._scenarios():
            if desk.nobody_came:
                desk.unmet.setdefault(need, "Nobody came to the checkout before it.")
                continue
            with self._kept_going(name):
                ask(desk)
            # Nothing is held longer than its questions take.
            desk.book.settle()
        desk.catch_up()

    def _scenarios(self) -> Iterator[tuple[str, Need, Callable[[Desk], None]]]:
        options = self.options
        usual: tuple[tuple[str, Need, Callable[[Desk], None]], ...] = (
            ("money", Need.CHECKOUT, money.ask),
            ("at once", Need.AT_ONCE, endings.ask_at_once),
            ("let go", Need.LET_GO, endings.ask_let_go),
        )
        yield from usual[: options.checkouts]
        if options.expiry:
            yield "expiry", Need.EXPIRY, endings.ask_expiry
        if options.denial:
            yield "denial", Need.DENIAL, endings.ask_denial
        if options.dashboard:
            yield "dashboard", Need.DASHBOARD, endings.ask_dashboard

    @contextmanager
    def _kept_going(self, what: str) -> Iterator[None]:
        """Let one group of questions fail without taking the others along."""
        try:
            yield
        except (GatewayError, Malformed) as error:
            self.report.troubles.append(f"{what}: {error}")

    def _tidy_up(self, desk: Desk) -> None:
        """End what is still open. What is said about it comes last: a terminal may be gone."""
        book = desk.book
        book.settle()
        with self._kept_going("webhooks"):
            events.unsubscribe(desk)
        self.report.orders = [
            {"reference": made.reference, "ending": made.ending} for made in book.made
        ]
        left = [f"{made.reference}: {made.ending}." for made in book.made if made.is_open]
        self.report.troubles += left
        for line in left or [f"All {len(book.made)} orders are ended: none holds or keeps money."]:
            self.say(line)

    def _unmet(self, desk: Desk) -> dict[Need, str]:
        return {
            need: desk.unmet.get(need) or f"It needs {need.value}."
            for need in Need
            if need not in desk.met
        }
