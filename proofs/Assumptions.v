(** What the main theorems rest on: nothing, or the assistant's own primitive 63-bit integers. *)
From Rhoset Require Import Spec Sums Rounding Machine Exact Group Fold Norms Actions Vectors Even LowRank Prepare Theorems.
Check right_answerb_spec.       Print Assumptions right_answerb_spec.
Check action_ok_sound.          Print Assumptions action_ok_sound.
Check light.                    Print Assumptions light.
Check group_sound.              Print Assumptions group_sound.
Check exact_sound.              Print Assumptions exact_sound.
Check exact_factored_sound.     Print Assumptions exact_factored_sound.
Check by_exact.                 Print Assumptions by_exact.
Check by_exact_factored.        Print Assumptions by_exact_factored.
Check even_sound.               Print Assumptions even_sound.
Check even_factored_sound.      Print Assumptions even_factored_sound.
Check by_even.                  Print Assumptions by_even.
Check by_even_factored.         Print Assumptions by_even_factored.
Check lowrank_sound.            Print Assumptions lowrank_sound.
Check lowrank_factored_sound.   Print Assumptions lowrank_factored_sound.
Check by_lowrank.               Print Assumptions by_lowrank.
Check by_lowrank_factored.      Print Assumptions by_lowrank_factored.
Check complete.                 Print Assumptions complete.
Check complete_factored.        Print Assumptions complete_factored.
(** Over the real numbers, on the assistant's own axioms of these. *)
From Rhoset Require Floats Margins Circles.
Check Floats.lower_sum.         Print Assumptions Floats.lower_sum.
Check Floats.one_rounded.       Print Assumptions Floats.one_rounded.
Check Floats.matrix_product.    Print Assumptions Floats.matrix_product.
Check Floats.inner_product.     Print Assumptions Floats.inner_product.
Check Floats.length_bound.      Print Assumptions Floats.length_bound.
Check Floats.lower_end.         Print Assumptions Floats.lower_end.
Check Margins.lowrank_margin.   Print Assumptions Margins.lowrank_margin.
Check Margins.points_single.    Print Assumptions Margins.points_single.
Check Margins.points_margin.    Print Assumptions Margins.points_margin.
Check Margins.each_margin.      Print Assumptions Margins.each_margin.
Check Margins.even_margin.      Print Assumptions Margins.even_margin.
Check Circles.brought_on.       Print Assumptions Circles.brought_on.
Check Circles.walks_near.       Print Assumptions Circles.walks_near.
Check Circles.delta_meets.      Print Assumptions Circles.delta_meets.
Check Circles.circles_margin.   Print Assumptions Circles.circles_margin.
