"""What keeps one's own account safe: another password, a second factor and its recovery codes, sessions to end."""

from tenure.core.refusals import RefusalCode, Refused
from tenure.core.timeline import Instant
from tenure.http.accounts.own_security import OwnSecurityOperations, RecoveryCodes, ShownCode
from tenure.http.accounts.own_sessions import OwnSessionOperations
from tenure.http.operation_groups import operation_at
from tenure.http.operations import Operation
from tenure.http.problems import accept
from tenure.http.responses import ApiResponse, json_response
from tenure.server.api.accounts.account_port import ServerAccounts, make_flows
from tenure.server.api.accounts.sign_in import OWN
from tenure.server.api.operations import CallerPost, ServerOperations
from tenure.server.context import ServerContext
from tenure.store.engine import Connection


class AccountSecurityOperations(ServerOperations):
    """The operations that change how one proves who one is."""

    def __init__(self, context: ServerContext) -> None:
        super().__init__(context)
        self._flows = make_flows(context)

    @operation_at(
        "POST", "/v1/me/second-factor/confirm", OWN,
        refusals=(
            RefusalCode.ACTION_NOT_PERMITTED, RefusalCode.NOT_FOUND, RefusalCode.SECOND_FACTOR_REFUSED,
            RefusalCode.TOO_MANY_REQUESTS,
        ),
    )  # fmt: skip
    async def confirm_second_factor(self, request: CallerPost, body: ShownCode) -> ApiResponse[RecoveryCodes]:
        """Shows that the application works: from now on it is asked for, and every other session ends.

        The recovery codes are shown this once.
        """

        def work(conn: Connection, now: Instant) -> ApiResponse[RecoveryCodes] | Refused:
            codes = self._flows.accept_offer(conn, request.caller, body.code, request.address, now)
            if isinstance(codes, Refused):
                return codes
            return json_response(RecoveryCodes(recovery_codes=() if request.dry_run else codes))

        async def confirm() -> ApiResponse[RecoveryCodes] | Refused:
            return await self._context.run_once(request.ticket, request.dry_run, work, secret=True)

        return accept(await self._flows.confirm_factor(request.caller, request.address, confirm))

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of this group."""
        issuer = self._context.issuer.partition("://")[2] or "Tenure"
        own = OwnSecurityOperations(
            self._flows, OWN, lambda user, _: (user.email, user.name), lambda user: (user.email, issuer)
        )
        return (
            *own.operations(),
            *OwnSessionOperations(ServerAccounts(self._context), self._context, OWN).operations(),
            *super().operations(),
        )
