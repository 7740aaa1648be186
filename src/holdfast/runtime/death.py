"""A process held by its descriptor: it can be ended, and its end is known for certain.

A number may belong to another process by the time it is used; a descriptor never does. That it
becomes readable is the kernel's word that the process is gone.
"""

import asyncio
import os
import select
import signal


class HeldProcess:
    """One process, from a moment at which it certainly was the right one."""

    def __init__(self, pid: int) -> None:
        """Take hold; ProcessLookupError when there is no such process."""
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    @property
    def is_dead(self) -> bool:
        """Tell whether the process is proven gone."""
        readable, _, _ = select.select([self._descriptor], [], [], 0)
        return bool(readable)

    async def kill(self, *, within_s: float) -> bool:
        """End the process at once and wait for the proof; False when none came in time."""
        if self.is_dead:
            return True
        loop = asyncio.get_running_loop()
        gone = loop.create_future()

        def note() -> None:
            if not gone.done():
                gone.set_result(None)

        loop.add_reader(self._descriptor, note)
        try:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            await asyncio.wait_for(gone, within_s)
        except (TimeoutError, PermissionError):
            return self.is_dead
        finally:
            loop.remove_reader(self._descriptor)
        return True

    def close(self) -> None:
        """Let go of the descriptor; idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
