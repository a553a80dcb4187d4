(** Theorem 3 (pairs): what neurons write on features is summed for each pair of inputs.  The rest is bounded by
    Cauchy-Schwarz with integer square roots rounded up.  On slots the sums are carried to the identity and compared with
    believed references; where that leaves a pair open, its outputs are compared feature by feature, and those that
    are open still are evaluated. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Group Norms Transport Uniform Gaps Vectors.
Import ListNotations.
Open Scope Z_scope.

(** ** What an explanation says.  Nothing of it is believed.  The bias is a neuron, the last, that is always 1. *)
Record written_block := Written {
  on : block;                                (* a slot block; [slots] and [ideal_rows] are not used *)
  writing : list (list (list Z))             (* b, c, neuron: what the neuron is taken to write there *)
}.

Record sums := Sums {
  scale_of_sums : Z;                         (* D: outputs times D are sums of features *)
  blocks_of : list written_block;
  free : list (list Z);                      (* z: features without structure *)
  free_writing : list (list Z);              (* feature, neuron *)
  centre_of_sums : list Z;                   (* a constant for each neuron *)
  near_left : list (list Z);                 (* a(x) *)
  near_right : list (list Z);                (* b(y) *)
  units : list int;                          (* the unit in which each neuron's rest is measured (Vectors.v) *)
  unit_of_sums : int;                        (* the same for sums less references *)
  references : list (list Z);                (* K: the features of all blocks *)
  labels : list (list nat)                   (* x, y: which reference; beyond the last: none *)
}.

Definition weights_at (W : written_block) (b c : nat) : list Z := nth c (nth b (writing W) nil) nil.
Definition points (W : written_block) : nat := (rows (on W) * columns (on W))%nat.

Definition block_features (B : block) (z : nat) : list Z :=
  flat (rows B) (columns B) (fun b c => coupling_of B b (right_of B z c)).
Definition features_at (E : sums) (z : nat) : list Z :=
  flat_map (fun W => block_features (on W) z) (blocks_of E) ++ nth z (free E) nil.
Definition writings (E : sums) : list (list Z) :=
  flat_map (fun W => flat (rows (on W)) (columns (on W)) (weights_at W)) (blocks_of E) ++ free_writing E.

(** What w changes where the identity should stand. *)
Definition change_row (W : written_block) (w : nat) : list Z :=
  flat (rows (on W)) (columns (on W)) (change (right_of (on W)) (coupling_of (on W)) w).

(** ** What is not written *)
Definition unembed_row (r : rounded) (z : nat) : list Z := nth z (rows_unembed r) nil ++ [nth z (row_bias r) 0].

Definition opposite_columns (m : nat) (W : list (list Z)) : list (list int) :=
  tabulate m (fun i => map (fun w => of_Z (- nth i w 0)) W).

Definition rest_row (D : Z) (u F centre : list Z) (columns : list (list int)) : list Z :=
  let f := map of_Z F in
  map (fun ucc => signed (of_Z D * of_Z (fst ucc) + dot (of_Z (- fst (snd ucc))) f (snd (snd ucc)))%uint63)
    (combine u (combine centre columns)).

Definition rest_fits (D : Z) (us Fs : list (list Z)) (centre : list Z) (W : list (list Z)) : bool :=
  Z.abs D * largest_of largest us + largest centre + largest_of total Fs * largest_of largest W <? 2 ^ 62.

(** h - a(x) - b(y) *)
Definition away_from (hs a b : list int) : list int :=
  map (fun hab => (fst hab - fst (snd hab) - snd (snd hab))%uint63) (combine hs (combine a b)).
Definition zaway_from (hs a b : list Z) : list Z :=
  map (fun hab => fst hab - fst (snd hab) - snd (snd hab)) (combine hs (combine a b)).

(** ** One output against the right one *)
Fixpoint others_by {A : Type} (test : A -> bool) (c : nat) (l : list A) {struct l} : bool :=
  match l, c with
  | nil, _ => false
  | _ :: l', O => forallb test l'
  | a :: l', S c' => if test a then others_by test c' l' else false
  end.

(** By its features, where these [fit] machine integers; where that does not do, by all neurons. *)
Definition output_below (fit : bool) (top own : int) (sums hs : list int) (item : (list int * list int) * (int * int)) : bool :=
  let '((f, u), (a, b)) := item in
  if (if fit then top - dot (a + b) f sums <? half else false)%uint63 then true else (own - dot 0 u hs <? half)%uint63.

(** ** References *)
Definition moved (inv : nat -> nat) (x y : nat) (B : block) (P : list int) : list int :=
  flat (rows B) (columns B) (fun b c => nth (left_of B x b * columns B + right_of B (inv y) c) P 0%uint63).

Fixpoint aways (inv : nat -> nat) (k : int) (x y : nat) (bs : list written_block) (P K : list int) : list Z :=
  match bs with
  | nil => nil
  | W :: bs' =>
    length_up (repeat k (points W))
      (map (fun qk => fst qk - snd qk)%uint63 (combine (moved inv x y (on W) P) (firstn (points W) K))) ::
    aways inv k x y bs' (skipn (points W) P) (skipn (points W) K)
  end.

Definition distances (k : int) (bs : list written_block) (w : nat) : list Z :=
  map (fun W => scaled_length (repeat k (points W)) (change_row W w)) bs.

Definition changes (bs : list written_block) (w : nat) : list Z := flat_map (fun W => change_row W w) bs.

(** Every w but the identity: what the reference gives against it, and the distances. *)
Definition classes_at (n e : nat) (moves : list (list Z * list Z)) (K : list int) : list (Z * list Z) :=
  fold_right (fun w acc => if (w =? e)%nat then acc else
    insert (signed (dot 0 (map of_Z (fst (nth w moves (nil, nil)))) K)) (snd (nth w moves (nil, nil))) acc) nil (seq 0 n).

Definition references_fit (n : nat) (E : sums) (sums_most : Z) (moves : list (list Z * list Z)) : bool :=
  let most := largest_of largest (references E) in
  (length (free_writing E) =? 0)%nat &&
  forallb (fun K => (length K =? length (flat_map (fun W => repeat tt (points W)) (blocks_of E)))%nat) (references E) &&
  forallb (fun m => total (fst m) * most <? 2 ^ 62) moves &&
  forallb (fun W => units_fit (sums_most + most) (repeat (unit_of_sums E) (points W))) (blocks_of E).

(** ** Sizes.  The last of a row is the bias's, whose numbers have a size of their own. *)
Definition reach (L l : Z) (d : list Z) : Z := total (removelast d) * L + Z.abs (last d 0) * l.

Definition side_most (side : list (list Z)) : Z := largest_of largest (map (fun a => removelast a) side).
Definition side_last (side : list (list Z)) : Z := largest (map (fun a => last a 0) side).
Definition reach_side (side : list (list Z)) : list Z -> Z := reach (side_most side) (side_last side).

Definition away_most (hidden : Z) (E : sums) : Z := hidden + side_most (near_left E) + side_most (near_right E).
Definition away_last (E : sums) : Z := 1 + side_last (near_left E) + side_last (near_right E).

(** ** All that does not depend on a pair *)
Record prepared_sums := PreparedSums {
  hidden_most : Z;
  outputs_m : list (list int * list int);        (* z: features, unembed *)
  rests : list (list Z);                         (* z, neuron *)
  rests_m : list (list int);
  writings_m : list (list int);
  left_m : list (list int);
  right_m : list (list int);
  near_left_m : list (list int);
  near_right_m : list (list int);
  left_parts : list (list int);                  (* x, z *)
  right_parts : list (list int);                 (* y, z *)
  left_worst : list Z;
  right_worst : list Z;
  rest_most : Z;
  rest_last : Z;                                 (* the bias's *)
  base : Z;
  references_m : list (list int * list (Z * list Z))
}.

Definition parts (rests_m side : list (list int)) : list (list int) :=
  map (fun a => map (fun d => dot 0%uint63 d a) rests_m) side.

Definition prepare (n m e : nat) (r : rounded) (E : sums) : prepared_sums :=
  let us := tabulate n (unembed_row r) in
  let Fs := tabulate n (features_at E) in
  let W := writings E in
  let columns := opposite_columns (S m) W in
  let rest_rows := map (fun uF => rest_row (scale_of_sums E) (fst uF) (snd uF) (centre_of_sums E) columns) (combine us Fs) in
  let rests_machine := map (map of_Z) rest_rows in
  let hidden := Z.max 1 (reads_most r) in
  let sums_most := largest_of (reach hidden 1) W in
  let nl := map (map of_Z) (near_left E) in
  let nr := map (map of_Z) (near_right E) in
  let lp := parts rests_machine nl in
  let rp := parts rests_machine nr in
  let worst := map (fun row => highest (map signed row)) in
  let moves := tabulate n (fun w => (changes (blocks_of E) w, distances (unit_of_sums E) (blocks_of E) w)) in
  {| hidden_most := hidden;
     outputs_m := combine (map (map of_Z) Fs) (map (map of_Z) us);
     rests := rest_rows;
     rests_m := rests_machine;
     writings_m := map (map of_Z) W;
     left_m := map (map of_Z) (rows_left r);
     right_m := map (map of_Z) (rows_right r);
     near_left_m := nl;
     near_right_m := nr;
     left_parts := lp;
     right_parts := rp;
     left_worst := worst lp;
     right_worst := worst rp;
     rest_most := fold_right Z.max 0 (map (fun d => scaled_length (units E) (removelast d)) rest_rows);
     rest_last := largest (map (fun d => last d 0) rest_rows);
     base := 2 * (largest_of total Fs * sums_most) +
             2 * (largest_of (reach_side (near_left E)) rest_rows + largest_of (reach_side (near_right E)) rest_rows) +
             largest_of (reach (away_most hidden E) (away_last E)) rest_rows;
     references_m := if references_fit n E sums_most moves
                     then map (fun K => let K' := map of_Z K in (K', classes_at n e moves K')) (references E) else nil |}.

Definition zshapedb (rows columns : nat) (t : list (list Z)) : bool :=
  (length t =? rows)%nat && forallb (fun row => (length row =? columns)%nat) t.

(** Shapes, and no sum leaves 63 bits. *)
Definition sums_fit (n m : nat) (r : rounded) (E : sums) (need : Z) (v : prepared_sums) : bool :=
  (0 <? scale_of_sums E) &&
  (reads_most r <? 2 ^ 62) &&
  forallb (fun z => (length (features_at E z) =? length (writings E))%nat) (seq 0 n) &&
  forallb (fun w => (length w =? S m)%nat) (writings E) &&
  (length (centre_of_sums E) =? S m)%nat && (length (units E) =? m)%nat &&
  zshapedb n (S m) (near_left E) && zshapedb n (S m) (near_right E) &&
  rest_fits (scale_of_sums E) (tabulate n (unembed_row r)) (tabulate n (features_at E)) (centre_of_sums E) (writings E) &&
  units_fit (away_most (hidden_most v) E) (units E) && (away_last E <? 2 ^ 62) &&
  (2 * largest_of (reach (hidden_most v) 1) (tabulate n (unembed_row r)) + need <? 2 ^ 62) && (base v <? 2 ^ 62).

(** ** One pair *)
Definition by_reference (inv : nat -> nat) (E : sums) (v : prepared_sums) (sums : list int) (label : nat) (cost : Z)
    (x y : nat) : bool :=
  match nth_error (references_m v) label with
  | None => false
  | Some (K, classes) =>
    let a := aways inv (unit_of_sums E) x y (blocks_of E) sums K in
    forallb (fun c => cost + zdot (snd c) a <=? fst c) classes
  end.

(** What the rest of unembed can do against what is not in a(x) + b(y). *)
Definition rest_of (E : sums) (v : prepared_sums) (away : list int) : Z :=
  rest_most v * length_up (units E) (removelast away) + rest_last v * Z.abs (signed (last away 0%uint63)).

Definition settles (op : nat -> nat -> nat) (inv : nat -> nat) (E : sums) (v : prepared_sums) (need : Z) (x y : nat) : bool :=
  let c := op x y in
  let hs := hiddens (nth x (left_m v) nil) (nth y (right_m v) nil) ++ [1%uint63] in
  let sums := map (fun w => dot 0%uint63 w hs) (writings_m v) in
  let away := away_from hs (nth x (near_left_m v) nil) (nth y (near_right_m v) nil) in
  let rest := rest_of E v away in
  let lost := rest + scale_of_sums E * need in
  let lp := nth x (left_parts v) nil in
  let rp := nth y (right_parts v) nil in
  let fit := base v + lost <? 2 ^ 62 in
  let own := (nth c lp 0 + nth c rp 0 + dot 0 (nth c (rests_m v) nil) away)%uint63 in
  if (if fit then by_reference inv E v sums (nth y (nth x (labels E) nil) (length (references E)))
        (lost - signed own + nth x (left_worst v) 0 + nth y (right_worst v) 0) x y else false)
  then true else
    let right_one := nth c (outputs_m v) (nil, nil) in
    let top := (own + dot 0 (fst right_one) sums - of_Z lost)%uint63 in
    let exact := (dot 0 (snd right_one) hs - of_Z need)%uint63 in
    others_by (output_below fit top exact sums hs) c (combine (outputs_m v) (combine lp rp)).

Definition pairs_rounded (a : Z) (m : nat) (r : rounded) (generators : list nat) (E : sums) : Z :=
  let t := row_table r in
  let n := length t in
  match find_identity t with
  | None => 0
  | Some e =>
    let inverses := inverse_table t e in
    let inv := fun x => nth x inverses O in
    let need := 2 * slack a m (writes_most r) (reads_most r) + 1 in
    let v := prepare n m e r E in
    if group t generators && inverses_ok n (table_product t) e inv &&
       forallb (fun W => block_ok n m (table_product t) e generators (on W)) (blocks_of E) && sums_fit n m r E need v
    then sum n (fun x => sum n (fun y => if settles (table_product t) inv E v need x y then 1 else 0))
    else 0
  end.
