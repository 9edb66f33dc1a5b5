"""The attacks a login must withstand, each with the tests that show it."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

SAML = {
    "signature wrapping XSW1 to XSW8": ["test_signature_wrapping_is_refused"],
    "a signed error response that vouches for another assertion": [
        "test_a_signed_error_response_cannot_vouch"
    ],
    "parser differential, pollution, void canonicalization": [
        "test_an_id_in_another_namespace_pollutes_nothing",
        "test_an_assertion_of_another_namespace_is_none",
        "test_relative_namespaces_are_refused",
        "test_the_same_id_twice_is_refused",
        "test_another_declared_encoding_is_refused",
        "test_another_encoding_is_refused",
        "test_nothing_can_be_spelled_in_two_ways",
    ],
    "unsigned, stripped, only the response signed": [
        "test_unsigned_or_changed_assertions_are_refused",
        "test_a_response_needs_a_signature_even_where_the_assertion_does_not",
        "test_a_weakly_signed_login_is_refused",
    ],
    "a key that is not in the metadata": ["test_a_key_that_is_not_in_the_metadata_is_refused"],
    "HMAC, none, SHA-1, MD5, unknown transforms": [
        "test_the_public_certificate_is_no_shared_secret",
        "test_weak_algorithms_are_refused",
        "test_unknown_algorithms_are_refused",
        "test_other_transforms_are_refused",
        "test_a_hidden_stylesheet_never_runs",
    ],
    "references that fetch": [
        "test_nothing_in_a_response_is_fetched",
        "test_nothing_is_fetched_to_decrypt",
        "test_other_ways_to_a_key_are_refused",
    ],
    "document types, entities, depth, size, base64": [
        "test_what_is_no_response_is_refused_quickly",
        "test_junk_inside_good_base64_is_refused",
    ],
    "comment, processing instruction or CDATA in a value": [
        "test_comments_cut_nothing_off",
        "test_comments_hide_nothing",
        "test_processing_instructions_are_refused",
        "test_character_data_sections_cut_nothing_off",
    ],
    "audience wrong, missing, contradictory": [
        "test_a_signed_response_for_another_login_is_refused"
    ],
    "recipient wrong, missing, substring, other scheme or port": [
        "test_a_signed_response_for_another_login_is_refused"
    ],
    "destination wrong or prefix, Host header": [
        "test_a_signed_response_for_another_login_is_refused",
        "test_a_whole_other_host_is_refused",
        "test_a_signed_response_must_name_its_destination",
    ],
    "another issuer, another tenant's provider": [
        "test_a_signed_response_for_another_login_is_refused",
        "test_another_tenants_provider_is_refused",
    ],
    "outside its time, and the exact edge": [
        "test_the_window_ends_exactly_where_it_says",
        "test_only_the_conditions_have_leeway",
    ],
    "replay, in a new wrapper, in parallel": [
        "test_the_same_response_is_accepted_once",
        "test_of_parallel_posts_one_is_accepted",
    ],
    "the replay store is down": ["test_a_store_that_is_down_refuses"],
    "unsolicited, into pending, without InResponseTo, another's or a used request": [
        "test_an_unsolicited_response_is_refused",
        "test_an_unsolicited_response_cannot_enter_a_pending_login",
        "test_an_answer_cannot_pass_as_unsolicited",
        "test_somebody_elses_answer_is_refused",
        "test_a_request_is_answered_once",
    ],
    "encryption: wrong key, flipped bits, RSA 1.5": [
        "test_the_wrong_decryption_key_is_refused",
        "test_changed_ciphertext_tells_nothing",
        "test_a_weak_key_transport_is_refused",
    ],
    "two assertions, plain beside encrypted": [
        "test_two_assertions_are_refused",
        "test_a_plain_beside_an_encrypted_assertion_is_refused",
        "test_an_assertion_inside_an_encrypted_one_is_refused",
    ],
    "hostile RelayState": [
        "test_hostile_return_addresses_fall_back",
        "test_hostile_relay_state_leads_nowhere",
        "test_the_saml_recipe_takes_tiles_nowhere_hostile",
    ],
    "certificates renewed, removed, unreachable, another entity": [
        "test_a_renewed_certificate_is_found_at_the_first_login",
        "test_a_renewed_certificate_is_found_by_all_at_once",
        "test_expired_metadata_replace_no_good_ones",
        "test_metadata_are_renewed_before_they_run_out",
        "test_another_host_is_never_taken_over",
        "test_either_of_two_certificates_may_sign",
        "test_remote_metadata_are_read_daily",
        "test_another_name_is_never_taken_over",
        "test_a_renewed_certificate_is_followed",
    ],
    "metadata over http, from a file, too large, redirected": [
        "test_metadata_come_by_https_alone",
        "test_without_metadata_nobody_signs_in",
    ],
}

OPENID = {
    "state missing, wrong, reused, expired, of another browser or provider": [
        "test_an_answer_to_another_login_is_refused",
        "test_the_state_of_another_browser_is_refused",
        "test_an_answer_of_another_browser_is_never_exchanged",
        "test_a_pending_login_of_another_provider_is_refused",
    ],
    "a code nobody asked for": [
        "test_a_code_nobody_asked_for_is_never_exchanged",
        "test_restarts_do_not_go_round",
        "test_blocked_cookies_do_not_loop",
    ],
    "code replay, parallel callbacks": [
        "test_of_parallel_answers_one_signs_in",
        "test_the_provider_itself_refuses_a_used_code",
    ],
    "mix-up of issuers": [
        "test_another_issuers_answer_is_never_exchanged",
        "test_a_wrong_issuer_in_the_callback_is_refused",
    ],
    "PKCE verifier missing or wrong": ["test_glewlwyd_refuses_a_wrong_verifier"],
    "alg none and its spellings, HMAC with the public key, embedded keys, crit": [
        "test_other_algorithms_are_refused",
        "test_the_public_key_is_no_shared_secret",
        "test_a_token_cannot_bring_its_own_key",
    ],
    "wrong signature, truncated, padded, wrong or no kid, key for encryption": [
        "test_any_changed_part_is_refused",
        "test_what_is_not_a_compact_token_is_refused",
        "test_an_unknown_key_id_is_refused",
        "test_a_token_without_key_id_is_ambiguous_among_several",
        "test_unusable_keys_are_no_keys",
    ],
    "wrong or missing iss, aud, azp, exp, iat, nbf, sub, nonce": ["test_wrong_claims_are_refused"],
    "Entra: other tenant, issuer, version, guest, no oid": [
        "test_other_directories_and_guests_are_refused"
    ],
    "msal's answer without an id token, or with a forged one": [
        "test_a_refused_exchange_says_who_can_help",
        "test_a_forged_token_is_refused",
        "test_what_msal_accepts_wrongly_is_refused",
    ],
    "profile of another person or tenant, missing or unknown sourced id, unknown role": [
        "test_another_person_or_tenant_is_refused",
        "test_an_empty_sourced_id_is_none",
        "test_roles_are_open_text",
        "test_a_link_comes_before_a_sourced_id_and_nothing_after",
    ],
    "an e-mail address as a key": ["test_a_link_comes_before_a_sourced_id_and_nothing_after"],
    "keys unreachable, empty, huge, rotated, doubled": [
        "test_the_last_good_keys_serve_while_the_provider_is_down",
        "test_ten_megabytes_of_keys_are_refused",
        "test_a_rolled_key_is_found_at_once",
        "test_forged_key_ids_cause_one_look_a_minute",
        "test_unusable_keys_are_no_keys",
    ],
    "error and error_description with HTML": ["test_a_providers_error_ends_the_login"],
    "secrets, tokens or people in logs, reprs and errors": [
        "test_nothing_printed_holds_a_secret_or_a_person",
        "test_no_repr_shows_a_person_or_a_key",
    ],
}


def names_in(paths: Iterable[Path]) -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in paths)
    return {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}


@pytest.fixture(scope="module")
def written() -> set[str]:
    """Return the name of every test."""
    return names_in(TESTS.rglob("test_*.py"))


@pytest.fixture(scope="module")
def always_run() -> set[str]:
    """Return the name of every test that no missing identity provider makes skip."""
    return names_in((TESTS / "sso").glob("test_*.py"))


@pytest.mark.parametrize("attack", [*SAML, *OPENID])
def test_every_attack_has_its_tests(attack: str, written: set[str]) -> None:
    """Each attack of the table is shown to be refused by tests that exist."""
    assert set((SAML | OPENID)[attack]) <= written


@pytest.mark.parametrize("attack", SAML)
def test_every_attack_on_saml_is_tried_everywhere(attack: str, always_run: set[str]) -> None:
    """Each attack on SAML is tried also where no real identity provider is installed."""
    assert set(SAML[attack]) & always_run
