(** From what a certificate holds to what the rules want.  Nothing is proved of this file and nothing need be:
    the rules are sound whatever they get. *)
From Coq Require Import ZArith List Uint63 Bool.
From Rhoset Require Import Spec Sums Machine Rounding Exact Fold Group Norms Actions Vectors Even LowRank.
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

(** ** Even circuits: the G-sets, from the permutations by which the generators act, and where neurons sit.  Each is taken to write
    the middle of what it writes where z brings its point to a place. *)
Record given_even := GivenEven {
  sets_given : list (list (list nat));
  places_given : list (nat * nat);      (* neuron: its set, and the point by which it reads y *)
  lefts_given : list nat;               (* neuron: the point by which it reads x *)
  type_given : list (nat * nat);        (* the set and the point by which x has its type, where the bias sits: one, or none *)
  split_given : list bool;              (* neuron, the bias with them *)
  stretch_given : list Z                (* neuron: 1/s, nearly *)
}.

Definition middle (values : list Z) : Z :=
  match values with nil => 0 | v :: l => (fold_right Z.min v l + fold_right Z.max v l) / 2 end.
Definition middles (q : nat) (places : list nat) (values : list Z) : list Z :=
  tabulate q (fun c => middle (map snd (filter (fun pv => (fst pv =? c)%nat) (combine places values)))).

(** How far two values are from each other at most. *)
Definition range_of (values : list Z) : Z := highest values + highest (map Z.opp values).

(** Activations as a(p) + b(c') + (H where p = c'), by means over rows and columns. *)
Definition mean (l : list Z) : Z := fold_right Z.add 0 l / Z.max 1 (Z.of_nat (length l)).
Definition parts_of (q : nat) (rows : list (list Z)) : list Z * (list Z * Z) :=
  let columns := tabulate q (fun c => map (fun row => nth c row 0) rows) in
  let all := mean (concat rows) in
  let centred := tabulate q (fun p => zentry rows p p - mean (nth p rows nil) - mean (nth p columns nil) + all) in
  let same := fold_right Z.add 0 centred / Z.max 1 (Z.of_nat q - 1) in
  let without (p c : nat) := zentry rows p c - (if (p =? c)%nat then same else 0) in
  let a := tabulate q (fun p => mean (tabulate q (without p))) in
  (a, (tabulate q (fun c => mean (tabulate q (fun p => without p c - nth p a 0))), same)).

Definition even_of (m : nat) (r : rounded) (e : nat) (generators : list nat) (E : given_even) : even_circuit :=
  let t := row_table r in
  let n := length t in
  let inverses := inverse_table t e in
  let sets := map (fun im => (points_of im, action_rows t e generators im)) (sets_given E) in
  let home := hd (O, O) (type_given E) in
  let chosen := tabulate (S m) (fun i =>
    let bias := (i =? m)%nat in
    let p := if bias then home else nth i (places_given E) (O, O) in
    let b := if bias then O else nth i (lefts_given E) O in
    let split := nth i (split_given E) false in
    let set := nth (fst p) sets (O, nil) in
    let q := fst set in
    let written := middles q (tabulate n (fun z => point (snd set) z (snd p))) (tabulate n (fun z => writes_to m r z i)) in
    let make := Seat i b written (range_of written) split in
    let table := if split && negb bias then
        readings n m r (fun x => nth x inverses O) (GSet q (snd set) nil, snd p) (make (nil, (nil, 0)) 1)
      else nil in
    (p, make (parts_of q (map (map fst) table)) (nth i (stretch_given E) 1))) in
  let gsets := map (fun js => GSet (fst (snd js)) (snd (snd js)) (tabulate (fst (snd js)) (fun c =>
    map snd (filter (fun ch => (fst (fst ch) =? fst js)%nat && (snd (fst ch) =? c)%nat) chosen))))
    (combine (seq 0 (length sets)) sets) in
  match type_given E with
  | (j, c) :: _ => let set := nth j sets (O, nil) in EvenCircuit gsets (tabulate n (fun x => point (snd set) x c)) (fst set)
  | nil => EvenCircuit gsets nil 1
  end.

Definition add_rows (a b : list Z) : list Z := map (fun uv => fst uv + snd uv) (combine a b).
Definition mean_of (width : nat) (l : list (list Z)) : list Z :=
  let total := fold_right add_rows (repeat 0 width) l in
  map (fun v => v / Z.max 1 (Z.of_nat (length l))) total.

(** A unit for Cauchy-Schwarz (Vectors.v) from one that is given, with [above] more places; without its factor where numbers up
    to [most] would leave 63 bits. *)
Definition unit_code (above most given : Z) : int :=
  let f := given mod 32 + 1 in
  let k := above + given / 32 in
  of_Z (if most * f <? 2 ^ 61 then 32 * Z.min 45 k + (f - 1) else 32 * Z.min 40 (Z.max 0 (k - Z.log2 f))).

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
