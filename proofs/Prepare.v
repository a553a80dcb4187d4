(** From what a certificate holds to what the rule uniform wants.  Nothing is proved of this file and nothing need be:
    the rule is sound for any blocks. *)
From Coq Require Import ZArith List Uint63 Bool.
From Rhoset Require Import Spec Rounding Group Norms Transport Uniform Gaps.
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

(** ** Rule gaps: only the G-sets are given; every neuron goes where its right reading is nearest to constant. *)
Definition fibre_range (values : list Z) : Z * Z :=
  match values with nil => (0, 0) | v :: l => (fold_right Z.min v l, fold_right Z.max v l) end.

(** How far readings are from constant on the fibres of [places], and the middle of each fibre. *)
Definition fit_of (q : nat) (places : list nat) (readings : list Z) : Z * list Z :=
  let ranges := tabulate q (fun c =>
    fibre_range (map snd (filter (fun pv => (fst pv =? c)%nat) (combine places readings)))) in
  (fold_right (fun lh acc => Z.max (snd lh - fst lh) acc) 0 ranges, map (fun lh => (fst lh + snd lh) / 2) ranges).

Fixpoint best_of (A : Type) (best : Z * A) (l : list (Z * A)) : A :=
  match l with nil => snd best | c :: l' => best_of A (if fst c <? fst best then c else best) l' end.

Definition gsets_of (m : nat) (r : rounded) (e : nat) (generators : list nat) (images : list (list (list nat))) : list gset :=
  let t := row_table r in
  let n := length t in
  let sets := map (fun im => (points_of im, action_rows t e generators im)) images in
  let numbered := combine (seq 0 (length sets)) sets in
  let spots := flat_map (fun js => map (fun c =>
      ((fst js, c), (fst (snd js), tabulate n (fun y => point (snd (snd js)) y c)))) (seq 0 (fst (snd js)))) numbered in
  let chosen := tabulate m (fun i =>
    let readings := tabulate n (fun y => zentry (rows_right r) y i) in
    let tried := map (fun s => let f := fit_of (fst (snd s)) (snd (snd s)) readings in (fst f, (fst s, snd f))) spots in
    match tried with nil => (i, ((O, O), nil)) | c :: l => (i, best_of _ c l) end) in
  map (fun js => GSet (fst (snd js)) (snd (snd js))
    (tabulate (fst (snd js)) (fun c =>
      map (fun ch => (fst ch, snd (snd ch)))
        (filter (fun ch => (fst (fst (snd ch)) =? fst js)%nat && (snd (fst (snd ch)) =? c)%nat) chosen)))) numbered.
