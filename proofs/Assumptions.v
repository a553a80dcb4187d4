(** What the main theorems rest on: nothing, or the assistant's own primitive 63-bit integers. *)
From Rhoset Require Import Spec Sums Rounding Machine Exact Group Fold.
Check right_answerb_spec.  Print Assumptions right_answerb_spec.
Check light.               Print Assumptions light.
Check group_sound.         Print Assumptions group_sound.
Check exact_sound.         Print Assumptions exact_sound.
Check exact_factored_sound.  Print Assumptions exact_factored_sound.
