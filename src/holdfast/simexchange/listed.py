"""The symbols that one product lists, by their rules of now, which may change meanwhile."""

from collections.abc import Iterator, Mapping

from holdfast.simexchange.model import SymbolRules


class Listed(Mapping[str, SymbolRules]):
    """A view of the symbols of one product; spot is whatever is not linear."""

    def __init__(self, symbols: Mapping[str, SymbolRules], *, is_linear: bool) -> None:
        self._symbols = symbols
        self._is_linear = is_linear

    def __getitem__(self, name: str) -> SymbolRules:
        rules = self._symbols[name]
        if not self._lists(rules):
            raise KeyError(name)
        return rules

    def __iter__(self) -> Iterator[str]:
        return (name for name, rules in self._symbols.items() if self._lists(rules))

    def __len__(self) -> int:
        return sum(map(self._lists, self._symbols.values()))

    def _lists(self, rules: SymbolRules) -> bool:
        return (rules.product == "linear") is self._is_linear
