(** What the main theorems rest on: nothing, or the assistant's own primitive 63-bit integers. *)
From Rhoset Require Import Spec Sums Rounding Machine Exact Group Fold Norms Transport Uniform Gaps Vectors Pairs PairsSound Prepare Theorems.
Check right_answerb_spec.  Print Assumptions right_answerb_spec.
Check light.               Print Assumptions light.
Check group_sound.         Print Assumptions group_sound.
Check exact_sound.         Print Assumptions exact_sound.
Check exact_factored_sound.  Print Assumptions exact_factored_sound.
Check transport.            Print Assumptions transport.
Check block_margin.         Print Assumptions block_margin.
Check uniform_sound.        Print Assumptions uniform_sound.
Check uniform_factored_sound.  Print Assumptions uniform_factored_sound.
Check by_exact.             Print Assumptions by_exact.
Check by_uniform.           Print Assumptions by_uniform.
Check by_exact_factored.    Print Assumptions by_exact_factored.
Check by_uniform_factored.  Print Assumptions by_uniform_factored.
Check gaps_sound.           Print Assumptions gaps_sound.
Check gaps_factored_sound.  Print Assumptions gaps_factored_sound.
Check by_gaps.              Print Assumptions by_gaps.
Check by_gaps_factored.     Print Assumptions by_gaps_factored.
Check pairs_sound.          Print Assumptions pairs_sound.
Check pairs_factored_sound. Print Assumptions pairs_factored_sound.
Check by_pairs.             Print Assumptions by_pairs.
Check by_pairs_factored.    Print Assumptions by_pairs_factored.
Check complete.             Print Assumptions complete.
Check complete_factored.    Print Assumptions complete_factored.
