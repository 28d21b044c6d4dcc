"""Users at the portal: invited, signed in with a second factor, a lost password, roles that forbid."""

import re

import pyotp

from tenure.web.qr import encode, to_svg
from tests.portal.stage import Stage
from tests.server.users import PASSWORD, joined, mails


async def test_somebody_is_invited_comes_in_and_is_removed(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/team")
    await tab.send(tab.form("email"), name="Eva", email="eva@north.example", role="operator")
    link = re.search(r"https://portal\.test(/invitation/\w+)", tab.answer.text)
    assert link
    (_, told), *_ = await mails(at_the_portal.office, "eva@north.example")
    assert not told["link"].endswith(link[1]), "what the desk sees proves nobody's mailbox"
    eva = at_the_portal.tab()
    await eva.open(link[1])
    assert "Welcome, Eva" in eva.text
    await eva.send(name="Eva", password="short")
    assert eva.status == 422
    await eva.send(name="Eva", password=PASSWORD)
    assert "Board" in eva.text
    await eva.open("/tokens")
    assert eva.status == 403
    await tab.open("/team")
    assert "eva@north.example" in tab.text
    form = next(each for each in reversed(tab.page.forms) if each.action.endswith("/remove") and "Remove" in each.texts)
    users = (await at_the_portal.ana.get("/v1/users"))["items"]
    hers = next(each["id"] for each in users if each["email"] == "eva@north.example")
    form = tab.form(action=f"/team/{hers}/remove")
    await tab.send(form)
    assert "Remove “eva@north.example” from the team?" in tab.text
    await tab.agree()
    assert "no longer in the team" in tab.text
    await eva.open("/subscriptions")
    assert eva.path.startswith("/sign-in")


async def test_the_users_of_a_customer_are_invited_from_its_page(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open(f"/team?customer={at_the_portal.office.customer}")
    assert "Users of ACME" in tab.text
    await tab.send(tab.form("email"), name="Kim", email="kim@acme.example", role="auditor")
    assert "/invitation/" in tab.text
    await tab.open("/team")
    assert "kim@acme.example" not in tab.text


async def test_a_second_factor_is_set_up_asked_for_and_switched_off(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/account")
    await tab.send(tab.form(action="/account/second-factor"), password=PASSWORD)
    secret = tab.form("secret").fields["secret"]
    await tab.send(tab.form("code"), code="000000")
    assert tab.status == 422
    clock = at_the_portal.office.clock
    await tab.send(tab.form("code"), code=pyotp.TOTP(secret).at(clock.now))
    assert "Your recovery codes" in tab.text
    assert not tab.form("code", "password").fields["code"], "the code that was shown is good for nothing any more"
    clock.now += 120
    other = at_the_portal.tab()
    await other.open("/sign-in?next=/customers")
    await other.send(email=at_the_portal.ana.email, password=PASSWORD)
    assert "One more step" in other.text
    await other.send(code="123456")
    assert other.status == 401
    clock.now += 120
    await other.send(code=pyotp.TOTP(secret).at(clock.now))
    assert other.path == "/customers"
    clock.now += 120
    await other.open("/account")
    await other.send(other.form("code", "password"), password="wrong and long", code="000000")
    assert (other.status, "Switch it off" in other.text) == (422, True), "a session alone is not enough"
    await other.send(other.form("code", "password"), password=PASSWORD, code=pyotp.TOTP(secret).at(clock.now))
    assert "The second factor is off." in other.text


async def test_a_lost_password_is_set_anew_by_the_link_in_the_mail(at_the_portal: Stage) -> None:
    tab = at_the_portal.tab()
    for email in ("nobody@nowhere.example", at_the_portal.ana.email):
        await tab.open("/password-reset")
        await tab.send(email=email)
        assert "If there is an account with this address" in tab.text
    told = next(
        values
        for name, values in await mails(at_the_portal.office, at_the_portal.ana.email)
        if name == "password_reset"
    )
    await tab.open(told["link"].removeprefix("https://portal.test"))
    await tab.send(password="a password that is new")
    assert "The password is set." in tab.text
    await tab.send(email=at_the_portal.ana.email, password="a password that is new")
    assert "Board" in tab.text


async def test_an_auditor_sees_everything_and_changes_nothing(at_the_portal: Stage) -> None:
    name, _ = await at_the_portal.office.order()
    await joined(at_the_portal.office, at_the_portal.ana, "auditor", email="otto@north.example")
    tab = await at_the_portal.signed_in("otto@north.example")
    await tab.open(f"/subscriptions/{name}")
    assert tab.status == 200
    assert not [link for link in tab.page.links if "/do/" in link]
    await tab.open(f"/subscriptions/{name}/do/cancel_now")
    if tab.status == 200:
        await tab.send(tab.form("outcome_hash"), step="apply")
    assert tab.status in {403, 422}
    assert await at_the_portal.office.facts(name) == ["Ordered"]


async def test_what_happened_is_in_the_audit(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/audit")
    assert "Signed in" in tab.text
    assert "ana@north.example" in tab.text


async def test_the_second_factor_is_shown_as_a_picture_that_says_what_the_link_says(at_the_portal: Stage) -> None:
    tab = await at_the_portal.staff()
    await tab.open("/account")
    await tab.send(tab.form(action="/account/second-factor"), password=PASSWORD)
    assert tab.answer is not None
    uri = next(link for link in tab.page.links if link.startswith("otpauth://"))
    assert to_svg(encode(uri.encode(), "M"), "QR code for your authenticator application") in tab.answer.text


async def test_an_auditor_sees_the_policy_and_is_not_led_to_believe_that_it_can_be_changed(
    at_the_portal: Stage,
) -> None:
    await joined(at_the_portal.office, at_the_portal.ana, "auditor", email="otto@north.example")
    tab = await at_the_portal.signed_in("otto@north.example")
    for path in ("/policy", "/policy/plans/standard"):
        await tab.open(path)
        assert "You can read this, but not change it." in tab.text, path
        assert ("fieldset", "disabled") in [(tag, *set(held) & {"disabled"}) for tag, held in tab.page.tags]
    await tab.open("/webhooks")
    assert "Set below" not in tab.text
    staff = await at_the_portal.staff()
    await staff.open("/policy")
    assert "You can read this, but not change it." not in staff.text


SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1"


async def test_somebody_sees_where_they_are_signed_in_and_signs_out_there(at_the_portal: Stage) -> None:
    for email in (at_the_portal.ana.email, at_the_portal.ben.email):
        here, phone = await at_the_portal.signed_in(email), at_the_portal.tab()
        phone.http.headers["User-Agent"] = SAFARI
        await phone.open("/sign-in")
        await phone.send(email=email, password=PASSWORD)
        await here.open("/account")
        assert "Safari on iPhone" in here.text
        assert "this browser" in here.text
        ends = [form for form in here.page.forms if re.fullmatch(r"/account/sessions/ses_\w+/end", form.action)]
        assert len(ends) == 2, "not for this browser: of the invitation and of the phone"
        for form in ends:
            await here.send(form)
        assert "That session has ended" in here.text
        await phone.open("/account")
        assert phone.path.startswith("/sign-in")
        assert not [form for form in here.page.forms if form.action == "/account/sessions/end-others"], "none is left"
        again = await at_the_portal.signed_in(email)
        await here.open("/account")
        await here.send(here.form(action="/account/sessions/end-others"))
        assert "1 other session ended. You stay signed in here." in here.text
        await again.open("/account")
        assert again.path.startswith("/sign-in")


async def test_nobody_signs_somebody_else_out(at_the_portal: Stage) -> None:
    tab, ben = await at_the_portal.staff(), await at_the_portal.customer()
    (foreign,) = [each["id"] for each in (await at_the_portal.ben.get("/v1/me/sessions"))["items"] if each["current"]]
    await tab.open("/account")
    form = next(form for form in tab.page.forms if form.action.startswith("/account/sessions/"))
    form.action = f"/account/sessions/{foreign}/end"
    await tab.send(form)
    assert tab.status == 404
    await ben.open("/account")
    assert ben.status == 200
