(** From what a certificate holds to what the rules want.  Nothing is proved of this file and nothing need be:
    the rules are sound whatever they get. *)
From Coq Require Import ZArith List Uint63 Bool.
From Rhoset Require Import Spec Sums Machine Rounding Exact Fold Group Norms Actions Sets Vectors Even LowRank.
Import ListNotations.
Open Scope Z_scope.

Definition points_of (l : list (list nat)) : nat := length (nth 0 l nil).

(** The permutations of all elements, from those of generators. *)
Fixpoint extend (t : list (list int)) (generators : list (nat * list nat)) (fuel : nat)
    (todo seen : list (nat * list nat)) : list (nat * list nat) :=
  match fuel, todo with
  | S fuel', (x, moves) :: rest =>
      let fix fresh l seen :=
        match l with
        | nil => nil
        | (g, image) :: l' =>
            let child := table_product t g x in
            if existsb (fun s => (child =? fst s)%nat) seen then fresh l' seen
            else let new := (child, map (fun b => nth b image O) moves) in new :: fresh l' (new :: seen)
        end in
      let new := fresh generators seen in
      extend t generators fuel' (new ++ rest) (new ++ seen)
  | _, _ => seen
  end.

Definition action_rows (t : list (list int)) (e : nat) (generators : list nat) (images : list (list nat)) : list (list nat) :=
  let n := length t in
  let start := [(e, seq 0 (points_of images))] in
  let found := extend t (combine generators images) n start start in
  tabulate n (fun x => match find (fun s => (fst s =? x)%nat) found with Some s => snd s | None => nil end).

(** Means of the readings over the inputs that come to each point. *)
Definition means (count : nat) (places : list nat) (readings : list Z) : list Z :=
  tabulate count (fun b =>
    let total := fold_right (fun pv acc =>
      if (fst pv =? b)%nat then (fst acc + snd pv, snd acc + 1) else acc) (0, 0) (combine places readings) in
    if snd total =? 0 then 0 else fst total / snd total).

(** ** The G-sets, from the permutations by which the generators act; each neuron stands at a point of one, and reads the middle
    of what it reads of the elements that bring this point to a place. *)
Definition middle (values : list Z) : Z :=
  match values with nil => 0 | v :: l => (fold_right Z.min v l + fold_right Z.max v l) / 2 end.
Definition middles (q : nat) (places : list nat) (readings : list Z) : list Z :=
  tabulate q (fun c => middle (map snd (filter (fun pv => (fst pv =? c)%nat) (combine places readings)))).

Definition gsets_of (m : nat) (r : rounded) (e : nat) (generators : list nat) (given : list (list (list nat)))
    (placed : list (nat * nat)) : list gset :=
  let t := row_table r in
  let n := length t in
  let sets := map (fun im => (points_of im, action_rows t e generators im)) given in
  let chosen := tabulate m (fun i =>
    let p := nth i placed (O, O) in
    let set := nth (fst p) sets (O, nil) in
    (p, (i, middles (fst set) (tabulate n (fun y => point (snd set) y (snd p))) (tabulate n (fun y => zentry (rows_right r) y i))))) in
  map (fun js => GSet (fst (snd js)) (snd (snd js)) (tabulate (fst (snd js)) (fun c =>
    map snd (filter (fun ch => (fst (fst ch) =? fst js)%nat && (snd (fst ch) =? c)%nat) chosen))))
    (combine (seq 0 (length sets)) sets).

Definition add_rows (a b : list Z) : list Z := map (fun uv => fst uv + snd uv) (combine a b).
Definition mean_of (width : nat) (l : list (list Z)) : list Z :=
  let total := fold_right add_rows (repeat 0 width) l in
  map (fun v => v / Z.max 1 (Z.of_nat (length l))) total.

(** How many places to leave out, so that [count] squares of numbers up to [reads] fit a machine integer. *)
Definition places_above (count : nat) (reads : Z) : Z :=
  Z.max 0 (Z.log2 (Z.max 1 reads) + 2 - (60 - Z.log2_up (Z.of_nat (Nat.max 1 count))) / 2).

(** A unit for Cauchy-Schwarz (Vectors.v) from one that is given, with [above] more places; without its factor where numbers up
    to [most] would leave 63 bits. *)
Definition unit_code (above most given : Z) : int :=
  let f := given mod 32 + 1 in
  let k := above + given / 32 in
  of_Z (if most * f <? 2 ^ 61 then 32 * Z.min 45 k + (f - 1) else 32 * Z.min 40 (Z.max 0 (k - Z.log2 f))).

(** ** Even circuits: what neurons write, and the bias, are means over each fibre; what is taken off activations too. *)
Record given_even := GivenEven {
  sets_given : list (list (list nat));
  places_given : list (nat * nat);
  even_units_given : list Z;            (* units of the neurons *)
  type_given : list (nat * nat);        (* the set and the point by which x has its type: one, or none *)
  centred_given : list bool
}.

Definition mean (l : list Z) : Z := fold_right Z.add 0 l / Z.max 1 (Z.of_nat (length l)).

Definition even_of (m : nat) (r : rounded) (e : nat) (generators : list nat) (E : given_even) : even_circuit :=
  let n := length (row_table r) in
  let sets := gsets_of m r e generators (sets_given E) (places_given E) in
  let over (G : gset) (c : nat) (readings : list Z) := means (size G) (tabulate n (fun z => move_of G z c)) readings in
  let found := flat_map (fun G => flat_map (fun c => map (fun F : nat * list Z =>
      (fst F, (over G c (tabulate n (fun z => zentry (rows_unembed r) z (fst F))), snd F)))
    (members_of G c)) (seq 0 (size G))) sets in
  let neurons := tabulate m (fun i => match find (fun f => (fst f =? i)%nat) found with Some f => snd f | None => (@nil Z, @nil Z) end) in
  let off := combine (seq 0 m) (combine (centred_given E) (map snd neurons)) in
  let active (l : list Z) (i : nat) (g : Z) := relu (nth i l 0 + g) in
  let by_x := map (fun l => map (fun icg : nat * (bool * list Z) =>
    if fst (snd icg) then mean (map (active l (fst icg)) (snd (snd icg))) else 0) off) (rows_left r) in
  let by_y := map (fun icg : nat * (bool * list Z) =>
    if fst (snd icg) then map (fun g => mean (map (fun la =>
      active (fst la) (fst icg) g - nth (fst icg) (snd la) 0) (combine (rows_left r) by_x))) (snd (snd icg)) else nil) off in
  let most := largest_of largest (rows_left r) + largest (gammas_of sets) + (largest_of largest by_x + largest_of largest by_y) in
  let above := places_above m most in
  let units := tabulate m (fun i => unit_code above most (nth i (even_units_given E) 0)) in
  let columns := flat_map (fun jc => match nth_error sets (fst jc) with Some G => [(G, snd jc)] | None => nil end) (type_given E) in
  match columns with
  | K :: _ =>
      EvenCircuit sets (map fst neurons) units (tabulate n (fun x => place x K)) (points_in K) [K]
        (over (fst K) (snd K) (row_bias r)) (centred_given E) by_x by_y
  | nil => EvenCircuit sets (map fst neurons) units nil 1 nil nil (centred_given E) by_x by_y
  end.

(** ** Rule lowrank: means of the activations over some inputs, and units. *)
Record given_rank := GivenRank {
  features_given : list (list Z);            (* z: features *)
  writing_given : list (list Z);             (* feature: what each neuron writes on it *)
  samples_given : list nat;                  (* inputs over which the means are taken; none: no means *)
  rank_units_given : list Z                  (* units of the neurons *)
}.

Definition minus_row (a b : list Z) : list Z := map (fun uv => fst uv - snd uv) (combine a b).

Definition rank_of (m : nat) (r : rounded) (G : given_rank) (D : Z) : low_rank :=
  let n := length (row_table r) in
  let ls := map (map of_Z) (rows_left r) in
  let rs := map (map of_Z) (rows_right r) in
  let mean (l : list (list int)) :=
    let total := fold_right (fun h acc => map (fun uv => fst uv + snd uv)%uint63 (combine h acc)) (repeat 0%uint63 m) l in
    let count := of_Z (Z.max 1 (Z.of_nat (length l))) in map (fun v => to_Z (v / count)%uint63) total in
  let chosen (rows : list (list int)) := map (fun s => nth s rows nil) (samples_given G) in
  let some_right := chosen rs in
  let some_left := chosen ls in
  let none := map (fun _ => repeat 0 m) ls in
  let by_x := match samples_given G with nil => none | _ => map (fun l => mean (map (hiddens l) some_right)) ls end in
  let by_y := match samples_given G with nil => none | _ => map (fun r' => mean (map (fun l => hiddens l r') some_left)) rs end in
  let common := mean_of m (map (fun s => nth s by_x nil) (samples_given G)) in
  let by_x' := match samples_given G with nil => none | _ => map (fun a => minus_row a common) by_x end in
  let make units c := LowRank D (features_given G) (writing_given G) c by_x' by_y units in
  let E := make nil (repeat 0 m) in
  let away := away_most r E in
  let units := map (unit_code (Z.max 0 (Z.log2 away - 25)) away) (firstn m (rank_units_given G)) in
  let rests := tabulate n (rest_of r E (opposite_columns m (writing E))) in
  make units (mean_of m rests).
