(** The checkers as OCaml code.  What this file says is trusted: that Coq's extraction is right, and that the functions
    named on the right do what those on the left do. *)
From Coq Require Import ZArith List Uint63 Extraction ExtrOcamlBasic ExtrOcamlZBigInt ExtrOCamlInt63.
From Rhoset Require Import Spec Rounding Machine Exact Group Fold Norms Actions Vectors Even LowRank Prepare Theorems.

Extract Constant Z.ltb => "Big_int_Z.lt_big_int".
Extract Constant Z.leb => "Big_int_Z.le_big_int".
Extract Constant Z.shiftr => "(fun x y -> let k = Big_int_Z.int_of_big_int y in
  if k >= 0 then Big_int_Z.shift_right_big_int x k else Big_int_Z.shift_left_big_int x (- k))".
Extract Constant Z.shiftl => "(fun x y -> let k = Big_int_Z.int_of_big_int y in
  if k >= 0 then Big_int_Z.shift_left_big_int x k else Big_int_Z.shift_right_big_int x (- k))".

Extract Constant Z.sqrt_up => "(fun x -> if Big_int_Z.sign_big_int x <= 0 then Big_int_Z.zero_big_int else
  let s = Big_int_Z.sqrt_big_int x in
  if Big_int_Z.eq_big_int (Big_int_Z.mult_big_int s s) x then s else Big_int_Z.succ_big_int s)".
Extraction Blacklist List.
Extraction "ocaml/verified.ml" group exact exact_factored even even_factored
  lowrank lowrank_factored lowrank_size lowrank_size_factored.
