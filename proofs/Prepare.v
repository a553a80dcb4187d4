(** From what a certificate holds to what the rules want.  Nothing is proved of this file and nothing need be:
    the rules are sound whatever they get. *)
From Coq Require Import ZArith List Uint63 Bool.
From Rhoset Require Import Spec Sums Machine Rounding Exact Fold Group Norms Transport Uniform Gaps Vectors Even Pairs.
Import ListNotations.
Open Scope Z_scope.

(** A slot block of a certificate; coupling and weights are integers in fixed units. *)
Record given := Given {
  left_images : list (list nat);       (* a permutation of B for each generator *)
  right_images : list (list nat);
  coupling_given : list (list Z);
  entries : list (nat * (nat * (nat * Z)))   (* neuron, row, column, weight *)
}.

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

Definition block_of (m : nat) (r : rounded) (e : nat) (generators : list nat) (G : given) : block :=
  let t := row_table r in
  let n := length t in
  let inverses := inverse_table t e in
  let p := points_of (left_images G) in
  let q := points_of (right_images G) in
  let la := action_rows t e generators (left_images G) in
  let ra := action_rows t e generators (right_images G) in
  let made := map (fun E =>
    let '(i, (b, (c, w))) := E in
    (b, c, Entry i w
      (means p (tabulate n (fun x => point la (nth x inverses O) b)) (tabulate n (fun x => zentry (rows_left r) x i)))
      (means q (tabulate n (fun y => point ra y c)) (tabulate n (fun y => zentry (rows_right r) y i))))) (entries G) in
  let slots := tabulate p (fun b => tabulate q (fun c =>
    map snd (filter (fun E => (fst (fst E) =? b)%nat && (snd (fst E) =? c)%nat) made))) in
  let slot b c := nth c (nth b slots nil) nil in
  let ideal := tabulate p (fun b => tabulate q (fun c =>
    sum2 p q (fun b' c' => slot_table (slot b' c') b c) / Z.max 1 (Z.of_nat (p * q)))) in
  Block p q la ra (coupling_given G) slots ideal.

Definition centre_of (m : nat) (r : rounded) (blocks : list block) (D : Z) : list Z :=
  let n := length (row_table r) in
  let rows := residual_rows n m r blocks nil D in
  tabulate m (fun i => sum n (fun z => zentry rows z i) / Z.max 1 (Z.of_nat n)).

(** ** Rule gaps: the G-sets, and each neuron's set and point; where these are not given a neuron goes where its right
    reading is nearest to constant. *)
Definition fibre_range (values : list Z) : Z * Z :=
  match values with nil => (0, 0) | v :: l => (fold_right Z.min v l, fold_right Z.max v l) end.

(** How far readings are from constant on the fibres of [places], and the middle of each fibre. *)
Definition fit_of (q : nat) (places : list nat) (readings : list Z) : Z * list Z :=
  let ranges := tabulate q (fun c =>
    fibre_range (map snd (filter (fun pv => (fst pv =? c)%nat) (combine places readings)))) in
  (fold_right (fun lh acc => Z.max (snd lh - fst lh) acc) 0 ranges, map (fun lh => (fst lh + snd lh) / 2) ranges).

Fixpoint best_of (A : Type) (best : Z * A) (l : list (Z * A)) : A :=
  match l with nil => snd best | c :: l' => best_of A (if fst c <? fst best then c else best) l' end.


(** A G-set: the permutations by which the generators act, and potentials (none where the list is empty). *)
Definition given_set : Type := list (list nat) * list (list Z).

Definition gsets_of (m : nat) (r : rounded) (e : nat) (generators : list nat) (given : list given_set)
    (placed : list (nat * nat)) : list gset :=
  let t := row_table r in
  let n := length t in
  let sets := map (fun im => (points_of (fst im), action_rows t e generators (fst im))) given in
  let numbered := combine (seq 0 (length sets)) sets in
  let spots := flat_map (fun js => map (fun c =>
      ((fst js, c), (fst (snd js), tabulate n (fun y => point (snd (snd js)) y c)))) (seq 0 (fst (snd js)))) numbered in
  let readings i := tabulate n (fun y => zentry (rows_right r) y i) in
  let searched i :=
    let values := readings i in
    let tried := map (fun s => let f := fit_of (fst (snd s)) (snd (snd s)) values in (fst f, (fst s, snd f))) spots in
    match tried with nil => (i, ((O, O), nil)) | c :: l => (i, best_of _ c l) end in
  let told i :=
    let p := nth i placed (O, O) in
    let set := nth (fst p) sets (O, nil) in
    (i, (p, snd (fit_of (fst set) (tabulate n (fun y => point (snd set) y (snd p))) (readings i)))) in
  let chosen := tabulate m (match placed with nil => searched | _ => told end) in
  map (fun js => GSet (fst (snd js)) (snd (snd js))
    (tabulate (fst (snd js)) (fun c =>
      map (fun ch => (fst ch, snd (snd ch)))
        (filter (fun ch => (fst (fst (snd ch)) =? fst js)%nat && (snd (fst (snd ch)) =? c)%nat) chosen)))
    (snd (nth (fst js) given (nil, nil)))) numbered.

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
  sets_given : list given_set;
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

(** ** Rule pairs: what neurons write on slots, row and column means taken off; means of the hidden vector; constants. *)
Record given_sums := GivenSums {
  slots_given : list given;                  (* weights of the bias, neuron [m], in the unit of the outputs *)
  free_given : list (list Z);                (* z: features without structure *)
  free_writing_given : list (list Z);        (* feature, neuron *)
  samples_given : list nat;                  (* inputs over which the means are taken; none: no means *)
  units_given : list Z;                      (* units of the neurons *)
  references_given : list (list Z);
  labels_given : list (list nat)
}.

Definition minus_row (a b : list Z) : list Z := map (fun uv => fst uv - snd uv) (combine a b).

Definition written_of (m : nat) (t : list (list int)) (e : nat) (generators : list nat) (G : given) : written_block :=
  let p := points_of (left_images G) in
  let q := points_of (right_images G) in
  let raw := tabulate p (fun b => tabulate q (fun c =>
    let here := filter (fun E => (fst (snd E) =? b)%nat && (fst (snd (snd E)) =? c)%nat) (entries G) in
    tabulate (S m) (fun i => lsum (fun E => if (fst E =? i)%nat then snd (snd (snd E)) else 0) here))) in
  let columns_off := map (fun row => let mean := mean_of (S m) row in map (fun w => minus_row w mean) row) raw in
  let means := tabulate q (fun c => mean_of (S m) (map (fun row => nth c row nil) columns_off)) in
  let centred := map (fun row => map (fun wm => minus_row (fst wm) (snd wm)) (combine row means)) columns_off in
  Written (Block p q (action_rows t e generators (left_images G)) (action_rows t e generators (right_images G))
             (coupling_given G) nil nil) centred.

Definition sums_of (m : nat) (r : rounded) (e : nat) (generators : list nat) (G : given_sums) (D : Z) : sums :=
  let t := row_table r in
  let n := length t in
  let ls := map (map of_Z) (rows_left r) in
  let rs := map (map of_Z) (rows_right r) in
  let mean (l : list (list int)) :=
    let total := fold_right (fun h acc => map (fun uv => fst uv + snd uv)%uint63 (combine h acc)) (repeat 0%uint63 m) l in
    let count := of_Z (Z.max 1 (Z.of_nat (length l))) in map (fun v => to_Z (v / count)%uint63) total in
  let chosen (rows : list (list int)) := map (fun s => nth s rows nil) (samples_given G) in
  let rows_right_chosen := chosen rs in
  let rows_left_chosen := chosen ls in
  let none := map (fun _ => repeat 0 m) ls in
  let by_x := match samples_given G with nil => none | _ => map (fun l => mean (map (hiddens l) rows_right_chosen)) ls end in
  let by_y := match samples_given G with nil => none | _ => map (fun r' => mean (map (fun l => hiddens l r') rows_left_chosen)) rs end in
  let common := mean_of m (map (fun s => nth s by_x nil) (samples_given G)) in
  let by_x' := match samples_given G with nil => none | _ => map (fun a => minus_row a common) by_x end in
  let make units unit centre :=
    Sums D (map (written_of m t e generators) (slots_given G)) (free_given G) (free_writing_given G)
      centre (map (fun a => a ++ [1]) by_x') (map (fun b => b ++ [0]) by_y) units unit (references_given G) (labels_given G) in
  let E := make nil 0%uint63 (repeat 0 (S m)) in
  let hidden := Z.max 1 (reads_most r) in
  let away := away_most hidden E in
  let units := map (unit_code (Z.max 0 (Z.log2 away - 25)) away) (firstn m (units_given G)) in
  let most := largest_of (reach hidden 1) (writings E) + largest_of largest (references_given G) in
  let squares_bits := (60 - Z.log2_up (Z.of_nat (fold_right Nat.max 1%nat (map points (blocks_of E))))) / 2 in
  let unit := of_Z (32 * Z.max 0 (Z.log2 most + 1 - squares_bits)) in
  let columns := opposite_columns (S m) (writings E) in
  let rests := tabulate n (fun z => rest_row D (unembed_row r z) (features_at E z) (centre_of_sums E) columns) in
  make units unit (mean_of (S m) rests).
