"""What goes wrong in other transaction managers, and which tests of ours keep it out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A defect and its tests, each as `file::test` below tests/wallets."""

    defect: str
    seen_in: str
    tests: tuple[str, ...]

    def as_markdown(self) -> str:
        """A row of the page's table."""
        names = "<br>".join(f"`{test.removeprefix('../')}`" for test in self.tests)
        return f"| {self.defect} | {self.seen_in} | {names} |"


ROWS = (
    Row(
        "a redelivered job prepares again what is pending, with a second nonce: paid twice",
        "OpenZeppelin/openzeppelin-relayer #836; thirdweb engine",
        (
            "test_redelivery.py::test_a_redelivered_job_takes_no_second_nonce",
            "test_pipeline.py::test_ticking_again_and_again_sends_one_transaction",
            "test_races.py::test_two_workers_on_the_same_rows_do_everything_once",
        ),
    ),
    Row(
        "a nonce counter kept apart from the rows drifts: everything jams on “nonce too high”",
        "OpenZeppelin/openzeppelin-relayer #818, #843, #683",
        (
            "test_drift.py::test_a_chain_three_below_ours_gets_the_same_bytes_again",
            "test_drift.py::test_a_chain_three_below_ours_whose_bytes_are_gone_gets_fillers",
            "test_drift.py::test_a_chain_four_above_ours_pauses_the_lane_and_nothing_is_signed",
            "test_drift.py::test_while_nothing_can_be_sent_only_one_nonce_is_taken",
        ),
    ),
    Row(
        "an empty receipt while a node lags is taken for failure: 26 mined reported failed",
        "OpenZeppelin/openzeppelin-relayer #817; thirdweb engine-core",
        (
            "test_drift.py::test_an_empty_receipt_is_no_failure",
            "test_drift.py"
            "::test_a_receipt_later_than_finality_asks_a_person_and_is_taken_when_it_comes",
        ),
    ),
    Row(
        "one bad RPC disables everything",
        "OpenZeppelin/openzeppelin-relayer #539",
        (
            "test_rpc_reads.py::test_rubbish_is_no_answer_and_the_next_is_asked",
            "test_rpc_reads.py::test_the_wrong_chain_is_put_aside_and_the_others_are_asked",
            "test_rpc_reads.py::test_an_endpoint_that_is_not_set_up_stops_nobody",
            "test_rpc_sends.py::test_a_hanging_endpoint_delays_no_other",
        ),
    ),
    Row(
        "a bump one wei short, rounded down: thousands of refusals",
        "base/base #4506, #4529",
        (
            "test_replacing.py::test_no_bump_is_a_wei_short",
            "test_replacing.py::test_no_cancel_is_a_wei_short",
            "test_fees.py::test_the_bump_one_wei_short",
            "test_fees.py::test_a_replacement_is_accepted_and_worth_it",
        ),
    ),
    Row(
        "accepted, then dropped by the node, never sent again",
        "ethereum-optimism/optimism #16310",
        (
            "test_drift.py::test_what_a_node_accepted_and_dropped_is_sent_again_by_itself",
            "test_recovery.py::test_what_a_node_dropped_is_sent_again_with_the_same_bytes",
        ),
    ),
    Row(
        "“nonce too low” gives up what a reorganisation brings back",
        "scenario of Optimism's txmgr",
        (
            "test_drift.py::test_a_reorganisation_resets_what_nonce_too_low_said",
            "test_drift.py::test_a_reorganisation_of_several_sends_the_same_bytes_again",
            "test_recovery.py::test_a_nonce_taken_elsewhere_is_unknown_until_it_is_final",
        ),
    ),
    Row(
        "a stale nonce from behind a load balancer",
        "gnosis/gp-v2-services #896; tradingstrategy-ai/web3-ethereum-defi #1135",
        (
            "test_drift.py::test_a_stale_count_gives_no_nonce_twice",
            "test_rpc_agreement.py::test_a_stale_nonce_from_behind_a_load_balancer_is_the_lower",
            "test_recovery.py::test_nonces_from_before_the_lane_are_never_filled",
        ),
    ),
    Row(
        "no ceiling: prices spiral; or a clamp that makes the transaction unmineable",
        "haydenshively/Nantucket #19; OpenZeppelin Relayer's price_calculator",
        (
            "test_replacing.py::test_prices_do_not_spiral_while_nothing_is_mined",
            "test_recovery.py::test_a_price_above_the_ceiling_is_not_offered",
            "test_pipeline.py::test_a_fee_above_the_ceiling_is_held_never_clamped",
            "test_fees.py::test_what_is_offered_can_be_mined_within_the_ceiling",
        ),
    ),
    Row(
        "the estimate fails, a default limit is used and the transaction sent anyway",
        "OpenZeppelin Relayer",
        (
            "test_drift.py::test_without_an_estimate_nothing_is_signed",
            "test_pipeline.py::test_a_call_that_would_revert_is_refused_and_costs_nothing",
        ),
    ),
    Row(
        "KMS: high-s signature (“invalid sender”), throttling, another hash each time",
        "Nethereum #1035; hyperlane-xyz/hyperlane-monorepo #2391",
        (
            "test_web3signer.py::test_a_high_s_and_a_meaningless_v_become_the_form_that_nodes_take",
            "test_web3signer.py::test_any_other_answer_is_a_sentence_and_no_signature",
            "test_reserved.py::test_a_signature_in_the_form_of_a_key_store_is_mined",
            "test_crashes.py::test_a_worker_killed_anywhere_neither_loses_nor_doubles",
        ),
    ),
    Row(
        "unlimited approvals are drained",
        "hummingbot gateway's default is the maximum",
        (
            "test_policy.py::test_an_allowance_is_what_the_next_step_needs",
            "test_policy.py::test_an_allowance_without_an_end_is_refused",
            "../scheduling/test_allowances.py::test_a_failed_run_leaves_no_allowance",
            "../scheduling/test_allowance_crashes.py"
            "::test_a_worker_killed_anywhere_neither_loses_nor_doubles_a_revocation",
        ),
    ),
    Row(
        "a library sends the raw transaction again by itself, or fills in the nonce",
        "web3.py's default retries and middlewares",
        (
            "test_drift.py::test_bytes_leave_once_for_each_sending_that_is_noted",
            "test_rpc_sends.py::test_every_send_endpoint_gets_the_bytes_once",
        ),
    ),
    Row(
        "a crash between nonce, signature, sending and the note of it",
        "Chainlink's seven scenarios of resuming",
        (
            "test_resuming.py::test_the_database_keeps_a_second_from_the_place_of_one_that_is_unsent",
            "test_resuming.py::test_a_nonce_taken_and_never_sent_is_sent_with_the_stored_bytes",
            "test_resuming.py::test_bytes_that_nodes_call_invalid_free_their_nonce_by_a_cancel",
            "test_resuming.py::test_a_limit_of_one_node_frees_no_nonce",
            "test_resuming.py::test_what_is_in_the_pool_already_is_known_and_not_made_anew",
            "test_resuming.py::test_what_is_mined_already_is_found_though_nodes_say_nonce_too_low",
            "test_resuming.py::test_while_the_node_is_down_the_nonce_is_kept",
            "test_resuming.py::test_another_market_after_the_crash_changes_no_byte",
        ),
    ),
)
