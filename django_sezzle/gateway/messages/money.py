"""Money as Sezzle speaks it: whole cents and a currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any

from django_sezzle.exceptions import InvalidInput
from django_sezzle.gateway.messages import parsing

#: Currencies of the countries Sezzle serves. Both have two decimals.
CURRENCIES = ("USD", "CAD")

#: The gateway's cents are 32-bit integers.
MAX_CENTS = 2**31 - 1

#: Raises instead of rounding, whatever precision the host has set for its own decimals.
_EXACT = Context(prec=28, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])


def check_cents(amount_in_cents: object) -> int:
    """
    Take a positive whole number of cents that the gateway can hold.

    :raises InvalidInput: a float, a bool, zero, negative, or above 2,147,483,647.
    """
    if type(amount_in_cents) is not int:
        raise InvalidInput(
            f"An amount is a whole number of cents (int), not {type(amount_in_cents).__name__}. "
            "Nothing was sent."
        )
    if not 1 <= amount_in_cents <= MAX_CENTS:
        # The number is not shown: Python refuses to write out a very long one.
        raise InvalidInput(f"An amount lies between 1 and {MAX_CENTS} cents. Nothing was sent.")
    return amount_in_cents


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in whole cents of one currency (``USD`` or ``CAD``)."""

    amount_in_cents: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_in_cents) is not int:
            raise InvalidInput(
                "A price is a whole number of cents (int), not "
                f"{type(self.amount_in_cents).__name__}. Nothing was sent."
            )
        if not 0 <= self.amount_in_cents <= MAX_CENTS:
            raise InvalidInput(f"A price lies between 0 and {MAX_CENTS} cents. Nothing was sent.")
        if self.currency not in CURRENCIES:
            raise InvalidInput(
                f"Sezzle takes {' and '.join(CURRENCIES)}, not {self.currency!r}. Nothing was sent."
            )

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Price:
        """
        Turn an amount of dollars into a price, exactly.

        :param amount: dollars: a Decimal, an int, or text such as ``"19.99"``; never a float.
        :raises InvalidInput: a float, or an amount that is not whole cents.
        """
        if isinstance(amount, (bool, float)) or not isinstance(amount, (Decimal, int, str)):
            raise InvalidInput(
                f"Give dollars as Decimal, int or str, not {type(amount).__name__}: "
                "other types cannot say every cent exactly. Nothing was sent."
            )
        try:
            in_cents = _EXACT.multiply(Decimal(amount), 100)
            whole = int(in_cents.to_integral_exact(context=_EXACT))
        except Inexact:
            raise InvalidInput(
                "The amount is not a whole number of cents. Nothing was sent."
            ) from None
        except (ArithmeticError, ValueError):
            raise InvalidInput("That is not an amount of dollars. Nothing was sent.") from None
        return cls(whole, currency)

    def to_json(self) -> dict[str, Any]:
        """Write the price as the gateway wants it."""
        return {"amount_in_cents": self.amount_in_cents, "currency": self.currency}

    def __str__(self) -> str:
        return format_cents(self.amount_in_cents, self.currency)


@dataclass(frozen=True, slots=True)
class Amount:
    """Money as Sezzle stated it: any currency, any size, compared with ours elsewhere."""

    amount_in_cents: int
    currency: str

    @classmethod
    def from_json(cls, value: object, where: str) -> Amount:
        """Read ``{amount_in_cents, currency}``."""
        given = parsing.as_object(value, where)
        return cls(
            parsing.cents(given.get("amount_in_cents"), f"{where}.amount_in_cents"),
            parsing.text(given.get("currency"), f"{where}.currency"),
        )


def format_cents(amount_in_cents: int, currency: str) -> str:
    """Show cents to a person: ``$1,234.50 USD``. The one place where cents become text."""
    sign = "-" if amount_in_cents < 0 else ""
    dollars, rest = divmod(abs(amount_in_cents), 100)
    return f"{sign}${dollars:,}.{rest:02d} {currency}"
