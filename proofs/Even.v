(** Theorem 10 (even): each neuron reads x by the point x⁻¹b and y by yc, points of a G-set, and writes on zc.  What it gives
    against z = xs depends on x, yc and sc; the least over all x of a type is a table for each point.  Readings are intervals,
    from the ends over fibres.  Of split neurons, what is left of unembed is taken as it is against what they do through x, through
    y and through xy, and by Cauchy-Schwarz against the rest. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Group Norms Actions Vectors.
Import ListNotations.
Open Scope Z_scope.

(** ** What an explanation says.  Nothing of it is believed: see [gsets_ok]. *)
Record seat := Seat {
  neuron : nat;                      (* neuron m is the bias, with activation 1 *)
  by_x : nat;                        (* the point b *)
  writing_at : list Z;               (* d: ū, what it is taken to write where z brings its point to d *)
  apart : Z;                         (* how far two ū are taken to be from each other *)
  split : bool;
  parts : list Z * (list Z * Z);     (* of a split one: a and b of x⁻¹b and yc, and H *)
  stretch : Z                        (* and 1/s, nearly *)
}.
Record gset := GSet {
  size : nat;                        (* points *)
  moves : list (list nat);           (* y, c: where y moves c *)
  seats : list (list seat)           (* c: the neurons there *)
}.
Record even_circuit := EvenCircuit {
  even_sets : list gset;
  types : list nat;                  (* x: its type *)
  type_count : nat
}.

(** A column: the neurons at a point of a set. *)
Definition column : Type := gset * nat.
Definition move_of (G : gset) : nat -> nat -> nat := point (moves G).
Definition seats_in (K : column) : list seat := nth (snd K) (seats (fst K)) nil.
Definition place (z : nat) (K : column) : nat := move_of (fst K) z (snd K).
Definition points_in (K : column) : nat := size (fst K).
Definition inhabited (K : column) : bool := match seats_in K with nil => false | _ => true end.
Definition columns_of (sets : list gset) : list column :=
  flat_map (fun G => filter inhabited (map (pair G) (seq 0 (size G)))) sets.

(** Every neuron, and the bias, sits at one point of one set. *)
Definition times_seated (sets : list gset) (i : nat) : Z :=
  lsum (fun G => sum (size G) (fun c => lsum (fun E => if (neuron E =? i)%nat then 1 else 0) (seats_in (G, c)))) sets.
Definition gsets_ok (n m : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat) (sets : list gset) : bool :=
  forallb (fun G => action_ok n op e generators (size G) (move_of G) &&
    all (size G) (fun c => forallb (fun E => (neuron E <? S m)%nat && (by_x E <? size G)%nat) (seats_in (G, c)))) sets &&
  all (S m) (fun i => times_seated sets i =? 1).

(** ** Neurons, with the bias as neuron m *)
Definition writes_to (m : nat) (r : rounded) (z i : nat) : Z :=
  if (i =? m)%nat then nth z (row_bias r) 0 else zentry (rows_unembed r) z i.
Definition hidden_at (m : nat) (r : rounded) (x y i : nat) : Z :=
  if (i =? m)%nat then 1 else relu (zentry (rows_left r) x i + zentry (rows_right r) y i).

(** The least and the largest value over each fibre. *)
Definition ends_at (places : list nat) (values : list Z) (d : nat) : Z * Z :=
  let l := map snd (filter (fun pv => (fst pv =? d)%nat) (combine places values)) in (- highest (map Z.opp l), highest l).
Definition ends (q : nat) (places : list nat) (values : list Z) : list (Z * Z) := tabulate q (ends_at places values).

(** Of a neuron, by x⁻¹b and yc: the middle of what its activation may be, and how far it is from that. *)
Definition halves (low high : Z) : Z * Z := let h := (relu low + relu high) / 2 in (h, relu high - h).
Definition readings (n m : nat) (r : rounded) (inv : nat -> nat) (K : column) (E : seat) : list (list (Z * Z)) :=
  let q := points_in K in
  if (neuron E =? m)%nat then tabulate q (fun _ => tabulate q (fun _ => (1, 0))) else
  let left := ends q (tabulate n (fun x => move_of (fst K) (inv x) (by_x E))) (tabulate n (fun x => zentry (rows_left r) x (neuron E))) in
  let right := ends q (tabulate n (fun y => place y K)) (tabulate n (fun y => zentry (rows_right r) y (neuron E))) in
  map (fun l => map (fun g => halves (fst l + fst g) (snd l + snd g)) right) left.

Definition taken (E : seat) (d : nat) : Z := nth d (writing_at E) 0.
(** How far what it writes may be from ū; how far ū at d is from ū at d'. *)
Definition width_of (n m : nat) (r : rounded) (K : column) (E : seat) : Z :=
  largest (tabulate n (fun z => writes_to m r z (neuron E) - taken E (place z K))).
Definition step (E : seat) (d d' : nat) : Z :=
  if (d =? d')%nat then 0 else
  Z.max (Z.abs (taken E d - taken E d')) (apart E).

(** ** One column: what its neurons give where xc' is right and xd' is not, [coefficients] times what they read. *)
Definition coefficients (widths : list (seat * Z)) (d d' : nat) : list Z :=
  map (fun Ew => taken (fst Ew) d - taken (fst Ew) d' - if split (fst Ew) then 0 else 2 * snd Ew) widths ++
  map (fun Ew => - (step (fst Ew) d d' + 2 * snd Ew)) widths.
Definition both_halves {A : Type} (here : list (A * A)) : list A := map fst here ++ map snd here.
Definition reads_in {A : Type} (none : A) (inv : nat -> nat) (K : column) (tables : list (seat * list (list (A * A)))) (x : nat) : list (list A) :=
  let rows := map (fun Et => nth (move_of (fst K) (inv x) (by_x (fst Et))) (snd Et) nil) tables in
  tabulate (points_in K) (fun c' => both_halves (map (fun row => nth c' row (none, none)) rows)).
Definition gains (K : column) (weights : list (list (list int))) (reads : list (list int)) (x : nat) : list (list Z) :=
  let there := tabulate (points_in K) (move_of (fst K) x) in
  tabulate (points_in K) (fun c' =>
    let row := nth (nth c' there O) weights nil in
    let read := nth c' reads nil in
    map (fun d => signed (dot 0 (nth d row nil) read)) there).

(** The least, table by table. *)
Definition minimum (a b : list Z) : list Z := map (fun uv => Z.min (fst uv) (snd uv)) (combine a b).
Definition minima (a b : list (list Z)) : list (list Z) := map (fun uv => minimum (fst uv) (snd uv)) (combine a b).
Definition least (C : even_circuit) (q t : nat) (tables : list (nat * list (list Z))) : list (list Z) :=
  fold_right (fun xT acc => if (nth (fst xT) (types C) O =? t)%nat then minima (snd xT) acc else acc)
    (tabulate q (fun _ => tabulate q (fun _ => 2 ^ 62))) tables.

Definition widths_in (n m : nat) (r : rounded) (K : column) : list (seat * Z) := map (fun E => (E, width_of n m r K E)) (seats_in K).
Definition tables_in (n m : nat) (r : rounded) (inv : nat -> nat) (K : column) : list (seat * list (list (Z * Z))) :=
  map (fun E => (E, readings n m r inv K E)) (seats_in K).
Definition machine_pair (v : Z * Z) : int * int := (of_Z (fst v), of_Z (snd v)).

(** The most that a neuron reads, and is off. *)
Definition most_read (table : list (list (Z * Z))) : Z * Z :=
  let all := concat table in (largest (map fst all), largest (map snd all)).

(** ** Split neurons: δ, what is left of unembed; the parts of an activation; what these leave.  Of the bias nothing is left. *)
Definition delta (m : nat) (r : rounded) (K : column) (E : seat) (z : nat) : Z := writes_to m r z (neuron E) - taken E (place z K).
Definition part_x (m : nat) (E : seat) (p : nat) : Z := if (neuron E =? m)%nat then 1 else nth p (fst (parts E)) 0.
Definition part_y (m : nat) (E : seat) (c' : nat) : Z := if (neuron E =? m)%nat then 0 else nth c' (fst (snd (parts E))) 0.
Definition part_xy (m : nat) (E : seat) (here : bool) : Z := if here && negb (neuron E =? m)%nat then snd (snd (parts E)) else 0.
Definition rest_at (m : nat) (E : seat) (table : list (list (Z * Z))) (p c' : nat) : Z :=
  fst (nth c' (nth p table nil) (0, 0)) - part_x m E p - part_y m E c' - part_xy m E (p =? c')%nat.

(** For Cauchy-Schwarz: δ / s and s times the rest, s one over a whole number. *)
Definition stretched (m : nat) (E : seat) (d : Z) : Z := if (neuron E =? m)%nat then 0 else Z.abs d * Z.max 1 (stretch E).
Definition shrunk (E : seat) (v : Z) : Z := let g := Z.max 1 (stretch E) in (Z.abs v + (g - 1)) / g.
Definition square_of (v : Z) : Z := v * v.
Definition rest_squares (m : nat) (inv : nat -> nat) (K : column) (tables : list (seat * list (list (Z * Z)))) (n : nat) : list (list Z) :=
  let q := points_in K in
  let squares := map (fun Et => (fst Et, tabulate q (fun p => tabulate q (fun c' => square_of (shrunk (fst Et) (rest_at m (fst Et) (snd Et) p c'))))))
    (filter (fun Et => split (fst Et)) tables) in
  tabulate n (fun x =>
    let rows := map (fun Es => nth (move_of (fst K) (inv x) (by_x (fst Es))) (snd Es) nil) squares in
    tabulate q (fun c' => lsum (fun row => nth c' row 0) rows)).

(** Whether no sum leaves 63 bits; type by type the least over x; and for each x the squares. *)
Definition prepare_column (n m : nat) (r : rounded) (inv : nat -> nat) (C : even_circuit) (K : column) :
    bool * (list (list (list Z)) * list (list Z)) :=
  let q := points_in K in
  let tables := tables_in n m r inv K in
  let most := both_halves (map (fun Et => most_read (snd Et)) tables) in
  let weights := let widths := widths_in n m r K in tabulate q (fun d => tabulate q (coefficients widths d)) in
  let machine := map (map (map of_Z)) weights in
  let reading := map (fun Et => (fst Et, map (map machine_pair) (snd Et))) tables in
  let found := tabulate n (fun x => (x, gains K machine (reads_in 0%uint63 inv K reading x) x)) in
  (forallb (forallb (fun w => zdot (map Z.abs w) most <? 2 ^ 62)) weights,
   (tabulate (type_count C) (fun t => least C q t found), rest_squares m inv K tables n)).

(** ** The rule *)
Definition along (places : list nat) (values : list (list Z)) : Z :=
  lsum (fun pv => nth (fst pv) (snd pv) 0) (combine places values).
(** M(y, s), a sum over the columns, for all s; the least but at y. *)
Definition main_row (places : list (nat * list nat)) (here : list nat) (tables : list (list (list Z))) : list (nat * Z) :=
  let rows := map (fun pT => nth (fst pT) (snd pT) nil) (combine here tables) in
  map (fun sp => (fst sp, along (snd sp) rows)) places.
Definition least_but (y : nat) (row : list (nat * Z)) : Z :=
  - highest (map (fun sM => - snd sM) (filter (fun sM => negb (fst sM =? y)%nat) row)).

Definition split_in (columns : list column) : list (column * seat) := flat_map (fun K => map (pair K) (filter split (seats_in K))) columns.
Definition off_x (m : nat) (inv : nat -> nat) (chosen : list (column * seat)) (x : nat) : list Z :=
  map (fun KE => part_x m (snd KE) (move_of (fst (fst KE)) (inv x) (by_x (snd KE)))) chosen.
Definition off_y (m : nat) (chosen : list (column * seat)) (y : nat) : list Z := map (fun KE => part_y m (snd KE) (place y (fst KE))) chosen.
Definition off_xy (m : nat) (chosen : list (column * seat)) (z : nat) : list Z :=
  map (fun KE => part_xy m (snd KE) (place z (fst KE) =? by_x (snd KE))%nat) chosen.
Definition most_off (m : nat) (K : column) (E : seat) : Z :=
  largest (tabulate (points_in K) (part_x m E)) + largest (tabulate (points_in K) (part_y m E)) + Z.abs (part_xy m E true).

(** δᵀ of what is taken off, for all z, and the largest. *)
Definition written (deltas : list (list int)) (off : list Z) : list Z := let o := map of_Z off in map (fun d => signed (dot 0 d o)) deltas.

(** One pair.  Of x: e for all y, X for all z, the most that a rival has by these; of y: M, type by type, and Y; of xy: Z. *)
Definition pair_settled (need : Z) (op : nat -> nat -> nat) (lengths : list Z) (t : nat)
    (of_x : list Z * (list Z * Z)) (of_y : list (Z * list (nat * Z)) * (list Z * Z)) (of_xy : list Z * Z) (x y : nat) : bool :=
  let answer := op x y in
  let e := nth y (fst of_x) 0 in
  let at_z z := nth z (fst (snd of_x)) 0 + nth z (fst (snd of_y)) 0 + nth z (fst of_xy) 0 in
  let own := at_z answer - nth answer lengths 0 * e - need in
  let main := nth t (fst of_y) (0, nil) in
  let rival := snd (snd of_x) + snd (snd of_y) + snd of_xy in
  if rival <=? own + fst main then true else
  forallb (fun sM => (fst sM =? y)%nat || if rival <=? own + snd sM then true else
    let z := op x (fst sM) in at_z z + nth z lengths 0 * e <=? own + snd sM) (snd main).

(** Where some neurons are split, pair by pair. *)
Definition count_split (need : Z) (n m : nat) (op : nat -> nat -> nat) (r : rounded) (inv : nat -> nat) (C : even_circuit)
    (prepared : list (bool * (list (list (list Z)) * list (list Z)))) (places : list (nat * list nat)) (chosen : list (column * seat)) : Z :=
  let deltas := tabulate n (fun z => map (fun KE => delta m r (fst KE) (snd KE) z) chosen) in
  let machine := map (map of_Z) deltas in
  let most := map (fun KE => most_off m (fst KE) (snd KE)) chosen in
  let lengths := tabulate n (fun z => Z.sqrt_up (lsum (fun KE => square_of (stretched m (snd KE) (delta m r (fst KE) (snd KE) z))) chosen)) in
  let by_x := tabulate n (fun x =>
    let squares := map (fun P => nth x (snd (snd P)) nil) prepared in
    let es := map (fun sp => Z.sqrt_up (along (snd sp) squares)) places in
    let xs := written machine (off_x m inv chosen x) in
    let longest := fold_right Z.max 0 es in
    (es, (xs, highest (map (fun vl => fst vl + longest * snd vl) (combine xs lengths))))) in
  let by_y := map (fun yp =>
    let ys := written machine (off_y m chosen (fst yp)) in
    (tabulate (type_count C) (fun t =>
       let row := main_row places (snd yp) (map (fun P => nth t (fst (snd P)) nil) prepared) in (least_but (fst yp) row, row)),
     (ys, highest ys))) places in
  let by_xy := tabulate n (fun z => let zs := written machine (off_xy m chosen z) in (zs, highest zs)) in
  if forallb (fun d => zdot (map Z.abs d) most <? 2 ^ 62) deltas then
    sum n (fun x => let X := nth x by_x (nil, (nil, 0)) in let t := nth x (types C) O in
      sum n (fun y => if pair_settled need op lengths t X (nth y by_y (nil, (nil, 0))) (nth (op x y) by_xy (nil, 0)) x y then 1 else 0))
  else 0.

(** Where none is, the same for all x of a type. *)
Definition count_plain (need : Z) (n : nat) (C : even_circuit)
    (prepared : list (bool * (list (list (list Z)) * list (list Z)))) (places : list (nat * list nat)) : Z :=
  let counts := tabulate (type_count C) (fun t =>
    let tables := map (fun P => nth t (fst (snd P)) nil) prepared in
    lsum (fun yp => if need <=? least_but (fst yp) (main_row places (snd yp) tables) then 1 else 0) places) in
  sum n (fun x => nth (nth x (types C) O) counts 0).

Definition count_even (need : Z) (n m : nat) (op : nat -> nat -> nat) (r : rounded) (inv : nat -> nat) (C : even_circuit) : Z :=
  let columns := columns_of (even_sets C) in
  let prepared := map (prepare_column n m r inv C) columns in
  let places := tabulate n (fun s => (s, map (place s) columns)) in
  if forallb fst prepared && all n (fun x => nth x (types C) O <? type_count C)%nat then
    match split_in columns with
    | nil => count_plain need n C prepared places
    | chosen => count_split need n m op r inv C prepared places chosen
    end
  else 0.

Definition even_rounded (a : Z) (m : nat) (r : rounded) (generators : list nat) (C : even_circuit) : Z :=
  let t := row_table r in
  let n := length t in
  match find_identity t with
  | None => 0
  | Some e =>
    let inverses := inverse_table t e in
    let inv x := nth x inverses O in
    if group t generators && inverses_ok n (table_product t) e inv && gsets_ok n m (table_product t) e generators (even_sets C)
    then count_even (2 * slack a m (writes_most r) (reads_most r) + 1) n m (table_product t) r inv C
    else 0
  end.

(** ** Its soundness *)
Lemma lsum_map (A B : Type) (h : A -> B) (f : B -> Z) l : lsum f (map h l) = lsum (fun a => f (h a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma lsum_app (A : Type) (f : A -> Z) l l' : lsum f (l ++ l') = lsum f l + lsum f l'.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. lia. Qed.

Lemma lsum_flat_map (A B : Type) (g : A -> list B) (f : B -> Z) l : lsum f (flat_map g l) = lsum (fun a => lsum f (g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite lsum_app, IHl. reflexivity. Qed.

Lemma lsum_filter (A : Type) (P : A -> bool) (f : A -> Z) l : lsum f (filter P l) = lsum (fun a => if P a then f a else 0) l.
Proof. induction l as [|a l IH]; simpl; [reflexivity|]. destruct (P a); simpl; rewrite IH; reflexivity. Qed.

Lemma lsum_columns f sets : (forall K, seats_in K = nil -> f K = 0) ->
  lsum f (columns_of sets) = lsum (fun G => sum (size G) (fun c => f (G, c))) sets.
Proof.
  intros H. unfold columns_of. rewrite lsum_flat_map. apply lsum_ext. intros G _.
  rewrite lsum_filter, lsum_map, lsum_seq. apply sum_ext. intros c _. specialize (H (G, c)). unfold inhabited.
  destruct (seats_in (G, c)); [symmetry; apply H|]; reflexivity.
Qed.

Lemma in_columns K sets : In K (columns_of sets) -> In (fst K) sets /\ (snd K < points_in K)%nat.
Proof.
  unfold columns_of. intros H. apply in_flat_map in H. destruct H as [G [HG H]]. apply filter_In in H. destruct H as [H _].
  apply in_map_iff in H. destruct H as [c [<- Hc]]. apply in_seq in Hc. split; [exact HG|]. unfold points_in. cbn [fst snd]. lia.
Qed.

(** A sum over neurons is a sum over the points where they sit. *)
Lemma sum_by_seats m (F : nat -> Z) sets :
  (forall i, (i < m)%nat -> times_seated sets i = 1) ->
  (forall G, In G sets -> forall c, (c < size G)%nat -> forall E, In E (seats_in (G, c)) -> (neuron E < m)%nat) ->
  sum m F = lsum (fun G => sum (size G) (fun c => lsum (fun E => F (neuron E)) (seats_in (G, c)))) sets.
Proof.
  intros Hone Hm.
  rewrite (sum_ext m F (fun i => times_seated sets i * F i)) by (intros i Hi; rewrite Hone by exact Hi; ring).
  clear Hone. unfold times_seated. induction sets as [|G sets IH]; simpl.
  - rewrite sum_const. lia.
  - rewrite <- IH by (intros; eapply Hm; eauto; right; assumption).
    rewrite (sum_ext m _ (fun i =>
      sum (size G) (fun c => lsum (fun E => (if (neuron E =? i)%nat then 1 else 0) * F i) (seats_in (G, c))) +
      lsum (fun G => sum (size G) (fun c => lsum (fun E => if (neuron E =? i)%nat then 1 else 0) (seats_in (G, c)))) sets * F i)).
    + rewrite sum_plus. f_equal. rewrite sum_swap. apply sum_ext. intros c Hc. rewrite lsum_swap. apply lsum_ext.
      intros E HE. rewrite sum_pick; [ring|]. eapply Hm; eauto. left. reflexivity.
    + intros i _. rewrite Z.mul_add_distr_r. f_equal. rewrite Z.mul_comm, <- sum_scale. apply sum_ext. intros c _.
      rewrite <- lsum_scale. apply lsum_ext. intros. apply Z.mul_comm.
Qed.

(** ** What a neuron reads and gives *)
Lemma ends_spec n f g x : (x < n)%nat ->
  let found := ends_at (tabulate n f) (tabulate n g) (f x) in fst found <= g x <= snd found.
Proof.
  intros Hx. unfold ends_at. cbv zeta. set (l := map snd _).
  assert (H : In (g x) l).
  { unfold l, tabulate. rewrite combine_maps. apply in_map_iff. exists (f x, g x). split; [reflexivity|]. apply filter_In.
    split; [apply (in_map (fun x => (f x, g x))), in_seq; lia|apply Nat.eqb_refl]. }
  pose proof (highest_spec _ _ H). pose proof (highest_spec _ _ (in_map Z.opp _ _ H)). cbn [fst snd]. lia.
Qed.

Lemma halves_spec low high t : low <= t <= high ->
  0 <= fst (halves low high) /\ 0 <= snd (halves low high) /\ Z.abs (relu t - fst (halves low high)) <= snd (halves low high).
Proof.
  intros H. unfold halves. cbv zeta. cbn [fst snd]. unfold relu.
  pose proof (Z.div_mod (Z.max 0 low + Z.max 0 high) 2 ltac:(lia)).
  pose proof (Z.mod_pos_bound (Z.max 0 low + Z.max 0 high) 2 ltac:(lia)). lia.
Qed.

Lemma neuron_margin (apart : bool) u0 u1 b0 b1 w s h rho t :
  Z.abs (u0 - b0) <= w -> Z.abs (u1 - b1) <= w -> Z.abs (b0 - b1) <= s -> 0 <= h -> 0 <= rho -> Z.abs (t - h) <= rho ->
  (b0 - b1 - if apart then 0 else 2 * w) * h + - (s + 2 * w) * rho + (if apart then (u0 - b0 - (u1 - b1)) * h else 0) <= (u0 - u1) * t.
Proof.
  intros H0 H1 Hs Hh Hr Ht. set (d := u0 - b0 - (u1 - b1)). set (e := t - h) in *.
  assert (- (2 * w) * h <= d * h) by (apply Z.mul_le_mono_nonneg_r; unfold d; lia).
  assert (Z.abs ((u0 - u1) * e) <= (s + 2 * w) * rho) by (rewrite Z.abs_mul; apply Z.mul_le_mono_nonneg; lia).
  replace ((u0 - u1) * t) with ((b0 - b1) * h + d * h + (u0 - u1) * e) by (unfold d, e; ring). destruct apart; lia.
Qed.

Lemma zdot_each us hs bs : Forall2 (fun h b => Z.abs h <= b) hs bs -> Z.abs (zdot us hs) <= zdot (map Z.abs us) bs.
Proof.
  intros F. revert us. induction F as [|h b hs bs H F IH]; intros [|u us]; simpl; try lia. specialize (IH us).
  assert (Z.abs (u * h) <= Z.abs u * b) by (rewrite Z.abs_mul; apply Z.mul_le_mono_nonneg_l; lia). lia.
Qed.

Lemma forall2_maps (A : Type) (R : Z -> Z -> Prop) (f g : A -> Z) l :
  (forall a, In a l -> R (f a) (g a)) -> Forall2 R (map f l) (map g l).
Proof. intros H. induction l; simpl; constructor; [apply H; left; reflexivity|]. apply IHl. intros; apply H; right; assumption. Qed.

Lemma dot_value us hs bs : Forall2 (fun h b => Z.abs h <= b) hs bs -> zdot (map Z.abs us) bs < 2 ^ 62 ->
  signed (dot 0 (map of_Z us) (map of_Z hs)) = zdot us hs.
Proof.
  intros F H. pose proof (zdot_each us hs bs F). apply signed_spec; [|lia].
  change (zdot us hs) with (0 + zdot us hs). apply stands_dot; [apply stands_self|reflexivity].
Qed.

Lemma written_spec n (D : nat -> list Z) off most z : (z < n)%nat ->
  forallb (fun d => zdot (map Z.abs d) most <? 2 ^ 62) (tabulate n D) = true -> Forall2 (fun h b => Z.abs h <= b) off most ->
  nth z (written (map (map of_Z) (tabulate n D)) off) 0 = zdot (D z) off.
Proof.
  intros Hz Fits F. unfold written. cbv zeta. rewrite map_map, nth_map_tabulate by exact Hz. apply (dot_value _ _ most F).
  rewrite forallb_forall in Fits. apply Z.ltb_lt, Fits. apply (in_map D), in_seq. lia.
Qed.

(** Cauchy-Schwarz *)
Lemma schwarz_lists (A : Type) (d t a b : A -> Z) l : (forall v, In v l -> Z.abs (d v * t v) <= a v * b v) ->
  Z.abs (lsum (fun v => d v * t v) l) <= Z.sqrt_up (lsum (fun v => square_of (a v)) l) * Z.sqrt_up (lsum (fun v => square_of (b v)) l).
Proof.
  intros H. enough (exists S, Z.abs (lsum (fun v => d v * t v) l) <= S /\
    schwarz S (lsum (fun v => square_of (a v)) l) (lsum (fun v => square_of (b v)) l)) as [S [H1 H2]] by (pose proof (schwarz_bound _ _ _ H2); lia).
  induction l as [|v l IH]; simpl; [exists 0; unfold schwarz; lia|].
  destruct IH as [S [H1 H2]]; [intros w Hw; apply H; right; exact Hw|]. exists (a v * b v + S). split.
  - specialize (H v (or_introl eq_refl)). lia.
  - apply schwarz_plus; [apply schwarz_one|exact H2].
Qed.

Lemma least_but_spec n y s f : (s < n)%nat -> s <> y -> least_but y (tabulate n (fun s => (s, f s))) <= f s.
Proof.
  intros Hs Hne. unfold least_but. set (l := filter _ _). assert (H : In (s, f s) l).
  { apply filter_In. split; [apply (in_map (fun s => (s, f s))), in_seq; lia|]. apply negb_true_iff, Nat.eqb_neq, Hne. }
  pose proof (highest_spec _ _ (in_map (fun sM => - snd sM) _ _ H)) as T. cbn [snd] in T. lia.
Qed.

Lemma highest_nth l z : (z < length l)%nat -> nth z l 0 <= highest l.
Proof. intros H. apply highest_spec, nth_In, H. Qed.

Lemma pair_settled_sound need op lengths t of_x of_y of_xy x y n main :
  nth t (fst of_y) (0, nil) = (let row := tabulate n (fun s => (s, main s)) in (least_but y row, row)) ->
  let e := nth y (fst of_x) 0 in
  let at_z z := nth z (fst (snd of_x)) 0 + nth z (fst (snd of_y)) 0 + nth z (fst of_xy) 0 in
  (forall z, (z < n)%nat -> at_z z + nth z lengths 0 * e <= snd (snd of_x) + snd (snd of_y) + snd of_xy) ->
  pair_settled need op lengths t of_x of_y of_xy x y = true ->
  forall s, (s < n)%nat -> s <> y -> (op x s < n)%nat ->
  need <= main s + at_z (op x y) - nth (op x y) lengths 0 * e - (at_z (op x s) + nth (op x s) lengths 0 * e).
Proof.
  intros Row e at_z Rival P s Hs Hne Hz. specialize (Rival _ Hz). unfold pair_settled in P. cbv zeta in P. fold e in P.
  rewrite Row in P. cbv zeta in P. cbn [fst snd] in P. set (rival := snd (snd of_x) + _ + _) in *.
  set (own := nth (op x y) _ 0 + _ + _ - _ - need) in P.
  assert (Own : own = at_z (op x y) - nth (op x y) lengths 0 * e - need) by reflexivity. clearbody own.
  destruct (Z.leb_spec rival (own + least_but y (tabulate n (fun s => (s, main s))))) as [Q|_].
  - pose proof (least_but_spec n y s main Hs Hne). lia.
  - rewrite forallb_forall in P. specialize (P _ (in_map _ _ _ (proj2 (in_seq n 0 s) (conj (Nat.le_0_l _) Hs)))). cbn [fst snd] in P.
    rewrite orb_true_iff, Nat.eqb_eq in P. destruct P as [P|P]; [contradiction|].
    destruct (Z.leb_spec rival (own + main s)) as [Q|_]; [lia|]. apply Z.leb_le in P.
    fold (at_z (op x s)) in P. lia.
Qed.

(** ** The least of tables *)
Definition square (q : nat) (T : list (list Z)) : Prop := length T = q /\ forall c, (c < q)%nat -> length (nth c T nil) = q.

Lemma minima_spec q A B : square q A -> square q B -> square q (minima A B) /\
  forall c d, (c < q)%nat -> (d < q)%nat -> zentry (minima A B) c d = Z.min (zentry A c d) (zentry B c d).
Proof.
  intros [A1 A2] [B1 B2].
  assert (L : length (combine A B) = q) by (rewrite combine_length; lia).
  assert (Row : forall c, (c < q)%nat -> nth c (minima A B) nil = minimum (nth c A nil) (nth c B nil)).
  { intros c Hc. unfold minima. rewrite (nth_indep _ nil (minimum (fst (@nil Z, @nil Z)) (snd (@nil Z, @nil Z)))) by (rewrite map_length; lia).
    rewrite (map_nth (fun uv => minimum (fst uv) (snd uv))). rewrite combine_nth by lia. reflexivity. }
  split; [split|].
  - unfold minima. rewrite map_length. exact L.
  - intros c Hc. rewrite Row by exact Hc. unfold minimum. rewrite map_length, combine_length, A2, B2 by exact Hc. lia.
  - intros c d Hc Hd. unfold zentry. rewrite Row by exact Hc. unfold minimum.
    assert (Ld : length (combine (nth c A nil) (nth c B nil)) = q) by (rewrite combine_length, A2, B2 by exact Hc; lia).
    rewrite (nth_indep _ 0 (Z.min (fst (0, 0)) (snd (0, 0)))) by (rewrite map_length; lia).
    rewrite (map_nth (fun uv => Z.min (fst uv) (snd uv))). rewrite combine_nth by (rewrite A2, B2 by exact Hc; reflexivity). reflexivity.
Qed.

Lemma least_spec C q t x T tables c d : (forall xT, In xT tables -> square q (snd xT)) ->
  In (x, T) tables -> nth x (types C) O = t -> (c < q)%nat -> (d < q)%nat ->
  zentry (least C q t tables) c d <= zentry T c d.
Proof.
  intros HS HI Ht Hc Hd. unfold least. set (most := tabulate q _).
  assert (Most : square q most).
  { split; [unfold most, tabulate; rewrite map_length, seq_length; reflexivity|]. intros c' Hc'. unfold most.
    rewrite (tabulate_nth _ q (fun _ => tabulate q (fun _ => 2 ^ 62))) by exact Hc'.
    unfold tabulate. rewrite map_length, seq_length. reflexivity. }
  clearbody most. set (step := fun (xT : nat * list (list Z)) acc => _).
  assert (H : square q (fold_right step most tables) /\
    (In (x, T) tables -> zentry (fold_right step most tables) c d <= zentry T c d)); [|apply H; exact HI].
  clear HI. induction tables as [|[x' T'] tables IH]; cbn [fold_right]; [split; [exact Most|contradiction]|].
  destruct IH as [S IH]; [intros xT HI; apply HS; right; exact HI|]. unfold step at 1 3. cbn [fst snd].
  destruct (Nat.eqb_spec (nth x' (types C) O) t) as [E|E].
  - destruct (minima_spec q T' _ (HS _ (or_introl eq_refl)) S) as [S' M]. split; [exact S'|].
    rewrite (M c d Hc Hd). intros [H|H]; [injection H as -> ->; lia|]. specialize (IH H). lia.
  - split; [exact S|]. intros [H|H]; [injection H as -> ->; contradiction|exact (IH H)].
Qed.

Section EvenSound.
  Variables (n m : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat) (generators : list nat).
  Variables (r : rounded) (C : even_circuit).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis induction : inductive n op generators e.
  Hypothesis inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e.
  Hypothesis ok : gsets_ok n m op e generators (even_sets C) = true.
  Let N' := rounded_network m r.
  Let columns := columns_of (even_sets C).
  Let act (K : column) := move_of (fst K).

  Lemma set_facts G : In G (even_sets C) ->
    action n op e (size G) (move_of G) /\
    (forall c, (c < size G)%nat -> forall E, In E (seats_in (G, c)) -> (neuron E < S m)%nat /\ (by_x E < size G)%nat).
  Proof.
    intros HG. pose proof ok as H. unfold gsets_ok in H. rewrite andb_true_iff, forallb_forall in H. destruct H as [H _].
    specialize (H G HG). rewrite andb_true_iff, all_spec in H. destruct H as [H1 H2]. split.
    - apply (action_ok_sound n op e generators closed assoc identity induction). exact H1.
    - intros c Hc E HE. specialize (H2 c Hc). rewrite forallb_forall in H2. specialize (H2 E HE).
      rewrite andb_true_iff, !Nat.ltb_lt in H2. exact H2.
  Qed.

  Lemma column_facts K : In K columns ->
    action n op e (points_in K) (act K) /\ (snd K < points_in K)%nat /\ forall E, In E (seats_in K) -> (by_x E < points_in K)%nat.
  Proof.
    intros HK. destruct (in_columns K _ HK) as [H1 H2]. destruct (set_facts (fst K) H1) as [H3 H4].
    split; [exact H3|]. split; [exact H2|]. intros E HE. destruct K as [G c]. apply (H4 c H2 E HE).
  Qed.

  Lemma all_seats F : sum (S m) F = lsum (fun K => lsum (fun E => F (neuron E)) (seats_in K)) columns.
  Proof.
    unfold columns. rewrite lsum_columns by (intros K HK; rewrite HK; reflexivity). apply sum_by_seats.
    - pose proof ok as H. unfold gsets_ok in H. rewrite andb_true_iff, all_spec in H. destruct H as [_ H].
      intros i Hi. apply Z.eqb_eq, H, Hi.
    - intros G HG c Hc E HE. apply (set_facts G HG) in HE; [apply HE|exact Hc].
  Qed.

  Lemma logit_split x y z : logit N' x y z = sum (S m) (fun i => writes_to m r z i * hidden_at m r x y i).
  Proof.
    simpl. unfold logit, writes_to, hidden_at. rewrite Nat.eqb_refl. change (bias N' z) with (nth z (row_bias r) 0).
    rewrite Z.mul_1_r. f_equal. apply sum_ext. intros i Hi. destruct (Nat.eqb_spec i m); [lia|]. reflexivity.
  Qed.

  (** What neuron E is taken to read. *)
  Definition read (K : column) (x c' : nat) (E : seat) : Z * Z :=
    nth c' (nth (act K (inv x) (by_x E)) (readings n m r inv K E) nil) (0, 0).

  Lemma read_near K E x y : In K columns -> In E (seats_in K) -> (x < n)%nat -> (y < n)%nat ->
    let t := read K x (place y K) E in
    0 <= fst t /\ 0 <= snd t /\ Z.abs (hidden_at m r x y (neuron E) - fst t) <= snd t.
  Proof.
    intros HK HE Hx Hy. destruct (column_facts K HK) as [[Gr _] [Hp Hb]]. specialize (Hb E HE).
    destruct (inverse x Hx) as [Hi _].
    pose proof (Gr y _ Hy Hp) as Hc. pose proof (Gr _ _ Hi Hb) as Hq.
    unfold read, readings, hidden_at. change (act K y (snd K)) with (place y K) in Hc. destruct (Nat.eqb_spec (neuron E) m) as [Em|Em].
    - rewrite !tabulate_nth by assumption. cbn [fst snd]. lia.
    - unfold ends. rewrite nth_map_tabulate by exact Hq. rewrite nth_map_tabulate by exact Hc.
      pose proof (ends_spec n (fun x => act K (inv x) (by_x E)) (fun x => zentry (rows_left r) x (neuron E)) x Hx) as L.
      pose proof (ends_spec n (fun y => place y K) (fun y => zentry (rows_right r) y (neuron E)) y Hy) as R.
      apply halves_spec. split; apply Z.add_le_mono; first [apply L | apply R].
  Qed.

  Definition zgain (K : column) (x c' d' : nat) (E : seat) : Z :=
    let d := act K x c' in let d1 := act K x d' in let w := width_of n m r K E in
    (taken E d - taken E d1 - if split E then 0 else 2 * w) * fst (read K x c' E) + - (step E d d1 + 2 * w) * snd (read K x c' E).
  Definition split_gain (K : column) (x y s : nat) (E : seat) : Z :=
    if split E then (delta m r K E (op x y) - delta m r K E (op x s)) * fst (read K x (place y K) E) else 0.

  Lemma zgain_margin K E x y s : In K columns -> In E (seats_in K) -> (x < n)%nat -> (y < n)%nat -> (s < n)%nat ->
    zgain K x (place y K) (place s K) E + split_gain K x y s E <=
    (writes_to m r (op x y) (neuron E) - writes_to m r (op x s) (neuron E)) * hidden_at m r x y (neuron E).
  Proof.
    intros HK HE Hx Hy Hs. destruct (column_facts K HK) as [[_ [_ Ga]] [Hp _]].
    destruct (read_near K E x y HK HE Hx Hy) as [H1 [H2 H3]].
    assert (W : forall z, (z < n)%nat -> Z.abs (writes_to m r z (neuron E) - taken E (place z K)) <= width_of n m r K E).
    { intros z Hz. apply largest_spec. apply (in_map (fun z => writes_to m r z (neuron E) - taken E (place z K))), in_seq. lia. }
    assert (P : forall v, (v < n)%nat -> act K x (place v K) = place (op x v) K) by (intros; symmetry; apply Ga; assumption).
    unfold zgain, split_gain, delta. cbv zeta. rewrite !P by assumption.
    apply neuron_margin; try assumption; try (apply W; apply closed; assumption).
    unfold step. destruct (Nat.eqb_spec (place (op x y) K) (place (op x s) K)) as [->|_]; lia.
  Qed.

  Section Column.
    Variable K : column.
    Hypothesis HK : In K columns.
    Hypothesis fits : fst (prepare_column n m r inv C K) = true.
    Let q := points_in K.
    Let machine := map (map (map of_Z)) (tabulate q (fun d => tabulate q (coefficients (widths_in n m r K) d))).
    Let reading := map (fun Et : seat * list (list (Z * Z)) => (fst Et, map (map machine_pair) (snd Et))) (tables_in n m r inv K).
    Let found (x : nat) := gains K machine (reads_in 0%uint63 inv K reading x) x.

    Lemma machine_reads x c' : (c' < q)%nat ->
      nth c' (reads_in 0%uint63 inv K reading x) nil = map of_Z (both_halves (map (read K x c') (seats_in K))).
    Proof.
      intros Hc. unfold reads_in. rewrite tabulate_nth by exact Hc. unfold both_halves, reading, tables_in.
      rewrite !map_map, map_app, !map_map. cbn [fst snd].
      assert (H : forall E, nth c' (nth (move_of (fst K) (inv x) (by_x E)) (map (map machine_pair) (readings n m r inv K E)) nil) (0, 0)%uint63 =
        machine_pair (read K x c' E)).
      { intros E. change (@nil (int * int)) with (map machine_pair nil). rewrite map_nth.
        change (0, 0)%uint63 with (machine_pair (0, 0)). rewrite map_nth. reflexivity. }
      f_equal; apply map_ext; intros E; rewrite H; reflexivity.
    Qed.

    Lemma gains_entry x c' d' : (x < n)%nat -> (c' < q)%nat -> (d' < q)%nat ->
      zentry (found x) c' d' = lsum (zgain K x c' d') (seats_in K).
    Proof.
      intros Hx Hc Hd. destruct (column_facts K HK) as [[Gr _] _].
      pose proof (Gr x c' Hx Hc) as Hc0. pose proof (Gr x d' Hx Hd) as Hd0.
      unfold zentry, found, gains. rewrite tabulate_nth by exact Hc. rewrite nth_map_tabulate by exact Hd.
      rewrite tabulate_nth by exact Hc. rewrite machine_reads by exact Hc. unfold machine.
      rewrite nth_map_tabulate by exact Hc0. rewrite nth_map_tabulate by exact Hd0.
      set (d := move_of (fst K) x c'). set (d1 := move_of (fst K) x d'). set (us := coefficients (widths_in n m r K) d d1).
      set (hs := both_halves (map (read K x c') (seats_in K))).
      assert (V : zdot us hs = lsum (zgain K x c' d') (seats_in K)).
      { unfold us, hs, coefficients, both_halves, widths_in. rewrite !map_map.
        rewrite zdot_app by (rewrite !map_length; reflexivity). cbn [fst snd]. rewrite !zdot_map, <- lsum_plus. reflexivity. }
      rewrite <- V. pose proof fits as F. unfold prepare_column in F. cbv zeta in F. cbn [fst] in F. set (most := both_halves _) in F.
      rewrite forallb_forall in F. specialize (F _ (in_map _ _ _ (proj2 (in_seq q 0 d) (conj (Nat.le_0_l _) Hc0)))).
      rewrite forallb_forall in F. specialize (F _ (in_map _ _ _ (proj2 (in_seq q 0 d1) (conj (Nat.le_0_l _) Hd0)))).
      apply Z.ltb_lt in F. fold us in F.
      assert (M : forall E, Z.abs (fst (read K x c' E)) <= fst (most_read (readings n m r inv K E)) /\
        Z.abs (snd (read K x c' E)) <= snd (most_read (readings n m r inv K E))).
      { intros E. unfold read. set (table := readings n m r inv K E). set (p := act K (inv x) (by_x E)).
        unfold most_read. cbv zeta. cbn [fst snd]. set (entries := concat table).
        pose proof (largest_nonneg (map fst entries)). pose proof (largest_nonneg (map snd entries)).
        destruct (nth_in_or_default p table nil) as [Hr|Hr]; [|rewrite Hr; destruct c'; cbn [nth fst snd]; lia].
        destruct (nth_in_or_default c' (nth p table nil) (0, 0)) as [Ht|Ht]; [|rewrite Ht; cbn [fst snd]; lia].
        assert (Hin : In (nth c' (nth p table nil) (0, 0)) entries) by (apply in_concat; exists (nth p table nil); split; assumption).
        split; apply largest_spec, in_map, Hin. }
      apply (dot_value us hs most); [|exact F].
      unfold hs, most, both_halves, tables_in. rewrite !map_map. apply Forall2_app; apply forall2_maps; intros E _; apply M.
    Qed.

    Lemma gains_square x : square q (found x).
    Proof.
      unfold found, gains. split; [unfold tabulate; rewrite map_length, seq_length; reflexivity|].
      intros c Hc. rewrite tabulate_nth by exact Hc. unfold tabulate. rewrite !map_length, seq_length. reflexivity.
    Qed.

    Lemma squares_all xT : In xT (tabulate n (fun x => (x, found x))) -> square q (snd xT).
    Proof. intros HI. apply in_map_iff in HI. destruct HI as [x' [<- _]]. exact (gains_square x'). Qed.

    (** The table of the type of x, at yc and sc. *)
    Lemma column_margin x y s : (x < n)%nat -> (y < n)%nat -> (s < n)%nat -> (nth x (types C) O < type_count C)%nat ->
      zentry (nth (nth x (types C) O) (fst (snd (prepare_column n m r inv C K))) nil) (place y K) (place s K) +
        lsum (split_gain K x y s) (seats_in K) <=
      lsum (fun E => (writes_to m r (op x y) (neuron E) - writes_to m r (op x s) (neuron E)) * hidden_at m r x y (neuron E)) (seats_in K).
    Proof.
      intros Hx Hy Hs Ht. destruct (column_facts K HK) as [[Gr _] [Hp _]].
      eapply Z.le_trans; [|apply lsum_le; intros E HE; apply (zgain_margin K E x y s HK HE Hx Hy Hs)].
      rewrite lsum_plus. apply Z.add_le_mono_r. change (fun E => zgain K x (place y K) (place s K) E) with (zgain K x (place y K) (place s K)).
      rewrite <- (gains_entry x (place y K) (place s K) Hx (Gr y _ Hy Hp) (Gr s _ Hs Hp)).
      unfold prepare_column. cbv zeta. cbn [fst snd]. rewrite (tabulate_nth _ (type_count C)) by exact Ht.
      change (tabulate n (fun x => (x, _))) with (tabulate n (fun x => (x, found x))). change (points_in K) with q.
      assert (HI : In (x, found x) (tabulate n (fun x => (x, found x)))) by (apply (in_map (fun x => (x, found x))), in_seq; lia).
      apply (least_spec C q _ x (found x) _ _ _ (squares_all)); [exact HI|reflexivity|exact (Gr y _ Hy Hp)|exact (Gr s _ Hs Hp)].
    Qed.
  End Column.

  (** ** Split neurons *)
  Let chosen := split_in columns.

  Lemma lsum_chosen f : lsum (fun KE => f (fst KE) (snd KE)) chosen =
    lsum (fun K => lsum (fun E => if split E then f K E else 0) (seats_in K)) columns.
  Proof.
    unfold chosen, split_in. rewrite lsum_flat_map. apply lsum_ext. intros K _. rewrite lsum_map. apply lsum_filter.
  Qed.

  Lemma in_chosen KE : In KE chosen -> In (fst KE) columns /\ In (snd KE) (seats_in (fst KE)).
  Proof.
    unfold chosen, split_in. intros H. apply in_flat_map in H. destruct H as [K [HK H]]. apply in_map_iff in H.
    destruct H as [E [<- H]]. apply filter_In in H. split; [exact HK|apply H].
  Qed.

  Definition remains (x y : nat) (K : column) (E : seat) : Z :=
    rest_at m E (readings n m r inv K E) (act K (inv x) (by_x E)) (place y K).
  Definition through (off : list Z) (z : nat) : Z := zdot (map (fun KE => delta m r (fst KE) (snd KE) z) chosen) off.

  Lemma points_of_pair K E x y : In K columns -> In E (seats_in K) -> (x < n)%nat -> (y < n)%nat ->
    (act K (inv x) (by_x E) < points_in K)%nat /\ (place y K < points_in K)%nat /\
    (act K (inv x) (by_x E) =? place y K)%nat = (place (op x y) K =? by_x E)%nat.
  Proof.
    intros HK HE Hx Hy. destruct (column_facts K HK) as [Ga [Hp Hb]]. specialize (Hb E HE).
    pose proof (action_bijection n op e inv inverse (points_in K) (act K) x Ga Hx) as B. destruct Ga as [Gr [_ Gop]].
    destruct (inverse x Hx) as [Hi _]. split; [apply Gr; assumption|]. split; [apply Gr; assumption|].
    destruct (B _ Hb) as [_ [_ [B1 _]]]. destruct (B _ (Gr y _ Hy Hp)) as [_ [_ [_ B2]]].
    assert (P : place (op x y) K = act K x (place y K)) by (apply Gop; assumption). rewrite P. change (act K y (snd K)) with (place y K) in B2.
    destruct (Nat.eqb_spec (act K (inv x) (by_x E)) (place y K)) as [Eq|Ne]; symmetry.
    - rewrite <- Eq, B1. apply Nat.eqb_refl.
    - apply Nat.eqb_neq. intros Eq. apply Ne. rewrite <- Eq. exact B2.
  Qed.

  Lemma split_parts x y z : (x < n)%nat -> (y < n)%nat ->
    lsum (fun K => lsum (fun E => if split E then delta m r K E z * fst (read K x (place y K) E) else 0) (seats_in K)) columns =
    through (off_x m inv chosen x) z + through (off_y m chosen y) z + through (off_xy m chosen (op x y)) z +
    lsum (fun KE => delta m r (fst KE) (snd KE) z * remains x y (fst KE) (snd KE)) chosen.
  Proof.
    intros Hx Hy. rewrite <- (lsum_chosen (fun K E => delta m r K E z * fst (read K x (place y K) E))).
    unfold through, off_x, off_y, off_xy. rewrite !zdot_map, <- !lsum_plus. apply lsum_ext. intros KE H.
    destruct (in_chosen KE H) as [HK HE]. destruct (points_of_pair _ _ x y HK HE Hx Hy) as [_ [_ Here]].
    unfold remains, rest_at, read. rewrite Here. unfold act. cbv beta. set (h := fst (nth _ _ _)). set (d := delta _ _ _ _ _).
    set (p := part_x _ _ _). set (u := part_y _ _ _). set (v := part_xy _ _ _). ring.
  Qed.

  Lemma off_bounds x y z : (x < n)%nat -> (y < n)%nat -> let most := map (fun KE => most_off m (fst KE) (snd KE)) chosen in
    Forall2 (fun h b => Z.abs h <= b) (off_x m inv chosen x) most /\ Forall2 (fun h b => Z.abs h <= b) (off_y m chosen y) most /\
    Forall2 (fun h b => Z.abs h <= b) (off_xy m chosen z) most.
  Proof.
    intros Hx Hy. split; [|split]; apply forall2_maps; intros KE H; destruct (in_chosen KE H) as [HK HE];
      destruct (points_of_pair _ _ x y HK HE Hx Hy) as [Hp [Hc _]]; unfold most_off;
      pose proof (largest_nonneg (tabulate (points_in (fst KE)) (part_x m (snd KE))));
      pose proof (largest_nonneg (tabulate (points_in (fst KE)) (part_y m (snd KE)))); cbv beta.
    - pose proof (largest_spec (tabulate (points_in (fst KE)) (part_x m (snd KE))) _ (in_map _ _ _ (proj2 (in_seq _ 0 _) (conj (Nat.le_0_l _) Hp)))).
      eapply Z.le_trans; [eassumption|]. lia.
    - pose proof (largest_spec (tabulate (points_in (fst KE)) (part_y m (snd KE))) _ (in_map _ _ _ (proj2 (in_seq _ 0 _) (conj (Nat.le_0_l _) Hc)))). lia.
    - unfold part_xy in *. destruct (_ =? _)%nat; simpl; lia.
  Qed.

  Definition length_of (z : nat) : Z := Z.sqrt_up (lsum (fun KE => square_of (stretched m (snd KE) (delta m r (fst KE) (snd KE) z))) chosen).
  Definition length_at (x y : nat) : Z := Z.sqrt_up (lsum (fun K => nth (place y K) (nth x (snd (snd (prepare_column n m r inv C K))) nil) 0) columns).

  Lemma remains_bound x y z : (x < n)%nat -> (y < n)%nat ->
    Z.abs (lsum (fun KE => delta m r (fst KE) (snd KE) z * remains x y (fst KE) (snd KE)) chosen) <= length_of z * length_at x y.
  Proof.
    intros Hx Hy. unfold length_of, length_at.
    replace (lsum _ columns) with (lsum (fun KE => square_of (shrunk (snd KE) (remains x y (fst KE) (snd KE)))) chosen).
    - apply schwarz_lists. intros KE H. destruct (in_chosen KE H) as [HK HE].
      destruct (points_of_pair _ _ x y HK HE Hx Hy) as [Hp [Hc _]]. unfold stretched. destruct (Nat.eqb_spec (neuron (snd KE)) m) as [Em|_].
      + unfold remains, rest_at, readings, part_x, part_y, part_xy. rewrite Em, Nat.eqb_refl, !tabulate_nth by assumption.
        rewrite andb_false_r. cbn [fst]. lia.
      + unfold shrunk. cbv zeta. set (d := delta m r (fst KE) (snd KE) z). set (v := remains x y (fst KE) (snd KE)). set (g := Z.max 1 (stretch (snd KE))).
        assert (Hg : 0 < g) by (unfold g; lia).
        pose proof (Z.div_mod (Z.abs v + (g - 1)) g ltac:(lia)). pose proof (Z.mod_pos_bound (Z.abs v + (g - 1)) g Hg).
        rewrite Z.abs_mul, <- Z.mul_assoc. apply Z.mul_le_mono_nonneg_l; lia.
    - rewrite (lsum_chosen (fun K E => square_of (shrunk E (remains x y K E)))). apply lsum_ext. intros K HK.
      destruct (column_facts K HK) as [[Gr _] [Hp _]]. unfold prepare_column. cbv zeta. cbn [snd]. unfold rest_squares. cbv zeta.
      rewrite tabulate_nth by exact Hx. rewrite tabulate_nth by (apply Gr; assumption).
      rewrite !lsum_map, lsum_filter. unfold tables_in. rewrite lsum_map. cbn [fst snd]. apply lsum_ext. intros E HE.
      destruct (points_of_pair K E x y HK HE Hx Hy) as [Hq [Hc _]]. destruct (split E); [|reflexivity].
      unfold act in Hq. rewrite !tabulate_nth by assumption. reflexivity.
  Qed.

  Definition main (t y s : nat) : Z :=
    lsum (fun K => zentry (nth t (fst (snd (prepare_column n m r inv C K))) nil) (place y K) (place s K)) columns.

  (** The margin against z = xs. *)
  Lemma even_margin x y s : (forall K, In K columns -> fst (prepare_column n m r inv C K) = true) ->
    (x < n)%nat -> (y < n)%nat -> (s < n)%nat -> (nth x (types C) O < type_count C)%nat ->
    let answer := op x y in let z := op x s in
    let at_z z := through (off_x m inv chosen x) z + through (off_y m chosen y) z + through (off_xy m chosen answer) z in
    main (nth x (types C) O) y s + at_z answer - length_of answer * length_at x y - (at_z z + length_of z * length_at x y) <=
    logit N' x y answer - logit N' x y z.
  Proof.
    intros Fits Hx Hy Hs Ht. cbv zeta. rewrite !logit_split, <- sum_minus.
    rewrite (sum_ext (S m) _ (fun i => (writes_to m r (op x y) i - writes_to m r (op x s) i) * hidden_at m r x y i)) by (intros; ring).
    rewrite all_seats.
    pose proof (lsum_le _ _ _ columns (fun K HK => column_margin K HK (Fits K HK) x y s Hx Hy Hs Ht)) as All.
    rewrite lsum_plus in All. fold (main (nth x (types C) O) y s) in All.
    replace (lsum (fun K => lsum (split_gain K x y s) (seats_in K)) columns) with
      (lsum (fun K => lsum (fun E => if split E then delta m r K E (op x y) * fst (read K x (place y K) E) else 0) (seats_in K)) columns -
       lsum (fun K => lsum (fun E => if split E then delta m r K E (op x s) * fst (read K x (place y K) E) else 0) (seats_in K)) columns) in All.
    2:{ rewrite <- lsum_minus. apply lsum_ext. intros K _. rewrite <- lsum_minus. apply lsum_ext. intros E _.
        unfold split_gain. destruct (split E); ring. }
    rewrite !split_parts in All by assumption.
    pose proof (remains_bound x y (op x y) Hx Hy). pose proof (remains_bound x y (op x s) Hx Hy). lia.
  Qed.

  Lemma main_row_is t y : main_row (tabulate n (fun s => (s, map (place s) columns))) (map (place y) columns)
      (map (fun P => nth t (fst (snd P)) nil) (map (prepare_column n m r inv C) columns)) = tabulate n (fun s => (s, main t y s)).
  Proof.
    unfold main_row. cbv zeta. unfold tabulate at 1. rewrite map_map. apply map_ext. intros s. cbn [fst snd]. f_equal.
    unfold along. rewrite map_map, combine_maps, map_map, combine_maps, lsum_map. reflexivity.
  Qed.

  (** What the rule settles has its margin. *)
  Variables (need : Z) (right : nat -> nat -> bool).
  Hypothesis settles : forall x y, (x < n)%nat -> (y < n)%nat ->
    (forall s, (s < n)%nat -> s <> y -> need <= logit N' x y (op x y) - logit N' x y (op x s)) -> right x y = true.
  Section Counting.
    Hypothesis types_fit : forall x, (x < n)%nat -> (nth x (types C) O < type_count C)%nat.
    Hypothesis columns_fit : forall K, In K columns -> fst (prepare_column n m r inv C K) = true.
    Let prepared := map (prepare_column n m r inv C) columns.
    Let places := tabulate n (fun s => (s, map (place s) columns)).

    Lemma count_plain_sound : chosen = nil ->
      count_plain need n C prepared places <= sum n (fun x => sum n (fun y => if right x y then 1 else 0)).
    Proof.
      intros None. unfold count_plain. cbv zeta. apply sum_le. intros x Hx. pose proof (types_fit x Hx) as Types.
      rewrite tabulate_nth by exact Types. set (t := nth x (types C) O) in *. unfold places at 2, tabulate at 1. rewrite lsum_map, lsum_seq.
      apply sum_le. intros y Hy. cbn [fst snd]. unfold places, prepared. rewrite main_row_is.
      match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:P end; [|destruct (right x y); lia].
      apply Z.leb_le in P. rewrite settles; [lia|exact Hx|exact Hy|]. intros s Hs Hne.
      pose proof (even_margin x y s columns_fit Hx Hy Hs Types) as Margin. cbv zeta beta in Margin. fold t in Margin.
      unfold through, length_of in Margin. rewrite None in Margin. cbn in Margin.
      pose proof (least_but_spec n y s (main t y) Hs Hne). lia.
    Qed.

    Lemma count_split_sound : count_split need n m op r inv C prepared places chosen <= sum n (fun x => sum n (fun y => if right x y then 1 else 0)).
    Proof.
      unfold count_split. cbv zeta.
      set (D := fun z => map (fun KE => delta m r (fst KE) (snd KE) z) chosen).
      set (most := map (fun KE => most_off m (fst KE) (snd KE)) chosen).
      match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:FitsD end.
      2:{ apply sum_nonneg. intros x _. apply sum_nonneg. intros y _. destruct (right x y); lia. }
      apply sum_le. intros x Hx. cbv beta. rewrite tabulate_nth by exact Hx. apply sum_le. intros y Hy.
      pose proof (types_fit x Hx) as Types. set (t := nth x (types C) O) in *.
      assert (Hxy : (op x y < n)%nat) by (apply closed; assumption).
      rewrite (tabulate_nth _ n _ (nil, 0)) by exact Hxy. unfold places at 5. rewrite nth_map_tabulate by exact Hy. cbn [fst snd].
      set (machine := map (map of_Z) (tabulate n D)). set (lengths := tabulate n (fun z => Z.sqrt_up _)).
      set (es := map (fun sp : nat * list nat => Z.sqrt_up _) places).
      set (xs := written machine (off_x m inv chosen x)). set (ys := written machine (off_y m chosen y)).
      set (zs := written machine (off_xy m chosen (op x y))).
      match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:P end; [|destruct (right x y); lia].
      rewrite settles; [lia|exact Hx|exact Hy|]. intros s Hs Hne. assert (Hz : (op x s < n)%nat) by (apply closed; assumption).
      destruct (off_bounds x y (op x y) Hx Hy) as [Bx [By Bxy]]. fold most in Bx, By, Bxy.
      assert (Wx : forall z, (z < n)%nat -> nth z xs 0 = through (off_x m inv chosen x) z) by (intros z Hz'; apply (written_spec n D _ most z Hz' FitsD Bx)).
      assert (Wy : forall z, (z < n)%nat -> nth z ys 0 = through (off_y m chosen y) z) by (intros z Hz'; apply (written_spec n D _ most z Hz' FitsD By)).
      assert (Wz : forall z, (z < n)%nat -> nth z zs 0 = through (off_xy m chosen (op x y)) z) by (intros z Hz'; apply (written_spec n D _ most z Hz' FitsD Bxy)).
      assert (N_is : forall z, (z < n)%nat -> nth z lengths 0 = length_of z) by (intros z Hz'; unfold lengths; rewrite tabulate_nth by exact Hz'; reflexivity).
      assert (E_is : forall v, (v < n)%nat -> nth v es 0 = length_at x v).
      { intros v Hv. unfold es, places. rewrite nth_map_tabulate by exact Hv. cbn [snd]. unfold along, prepared. rewrite map_map, combine_maps, lsum_map. reflexivity. }
      assert (Long : forall off, length (written machine off) = n) by (intros; unfold written, machine, tabulate; rewrite !map_length, seq_length; reflexivity).
      match type of P with pair_settled _ _ _ _ ?X ?Y ?Z _ _ = true =>
        pose proof (pair_settled_sound need op lengths t X Y Z x y n (main t y)) as Sound end.
      specialize (Sound ltac:(cbn [fst]; rewrite (tabulate_nth _ (type_count C)) by exact Types; unfold places, prepared; rewrite main_row_is; reflexivity)).
      cbv zeta in Sound. cbn [fst snd] in Sound.
      pose proof (even_margin x y s columns_fit Hx Hy Hs Types) as Margin. cbv zeta beta in Margin. fold t in Margin.
      rewrite <- !Wx, <- !Wy, <- !Wz, <- !N_is, <- (E_is y) in Margin by assumption. eapply Z.le_trans; [|exact Margin].
      refine (Sound _ P s Hs Hne Hz). intros z Hz'.
      assert (longest : nth y es 0 <= fold_right Z.max 0 es) by (apply fold_max_spec, nth_In; unfold es, places, tabulate; rewrite !map_length, seq_length; exact Hy).
      assert (Hl : 0 <= nth z lengths 0) by (rewrite N_is by exact Hz'; apply Z.sqrt_up_nonneg).
      assert (Mx : nth z xs 0 + fold_right Z.max 0 es * nth z lengths 0 <= highest (map (fun vl => fst vl + fold_right Z.max 0 es * snd vl) (combine xs lengths))).
      { apply highest_spec. apply (in_map (fun vl => fst vl + fold_right Z.max 0 es * snd vl) _ (nth z xs 0, nth z lengths 0)).
        rewrite <- combine_nth by (unfold xs, lengths; rewrite Long; unfold tabulate; rewrite map_length, seq_length; reflexivity).
        apply nth_In. unfold xs, lengths. rewrite combine_length, Long. unfold tabulate. rewrite map_length, seq_length. lia. }
      assert (My : nth z ys 0 <= highest ys) by (apply highest_nth; unfold ys; rewrite Long; exact Hz').
      assert (Mz : nth z zs 0 <= highest zs) by (apply highest_nth; unfold zs; rewrite Long; exact Hz'). nia.
    Qed.
  End Counting.

  Lemma count_even_sound : count_even need n m op r inv C <= sum n (fun x => sum n (fun y => if right x y then 1 else 0)).
  Proof.
    unfold count_even. cbv zeta. fold columns. fold chosen.
    match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:G end.
    2:{ apply sum_nonneg. intros x _. apply sum_nonneg. intros y _. destruct (right x y); lia. }
    rewrite andb_true_iff, (forallb_forall fst), all_spec in G. destruct G as [Fits Types].
    assert (T : forall x, (x < n)%nat -> (nth x (types C) O < type_count C)%nat) by (intros x Hx; apply Nat.ltb_lt, Types, Hx).
    assert (F : forall K, In K columns -> fst (prepare_column n m r inv C K) = true) by (intros K HK; apply Fits, in_map, HK).
    destruct chosen as [|v l] eqn:E; [apply (count_plain_sound T F E)|rewrite <- E; apply (count_split_sound T F)].
  Qed.
End EvenSound.

(** Theorem 10 (even), for the rounded network. *)
Theorem even_rounded_sound N kl ku a r generators C :
  rounds N kl ku a r -> even_rounded a (width N) r generators C <= right_pairs N.
Proof.
  intros R. unfold even_rounded. cbv zeta.
  set (t := row_table r). set (n := length t). set (op := table_product t). set (m := width N).
  destruct (find_identity t) as [e'|] eqn:He'; [|apply right_pairs_nonneg].
  set (inv := fun x => nth x (inverse_table t e') O).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:H end; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff in H. destruct H as [[G Hinv] Hok].
  apply group_facts in G. fold n op in G. destruct G as [[closed [assoc _]] [e [He [e_in [identity Hind]]]]].
  rewrite He' in He. injection He as ->.
  assert (inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e).
  { unfold inverses_ok in Hinv. rewrite all_spec in Hinv. intros x Hx. specialize (Hinv x Hx).
    rewrite !andb_true_iff, Nat.ltb_lt, !Nat.eqb_eq in Hinv. destruct Hinv as [[H1 H2] H3].
    split; [exact H1|]. split; [exact H2|exact H3]. }
  assert (Hn : n = order N) by (apply (shape_table _ _ _ _ _ R)).
  unfold right_pairs. rewrite <- Hn.
  apply (count_even_sound n m op e inv generators r C closed assoc identity Hind inverse Hok). intros x y Hx Hy Margin.
  apply right_answerb_spec, (margin_right N kl ku a r x y R); [lia|lia|].
  unfold margin_above. fold t op n. cbv zeta. change (table_product t x y) with (op x y).
  split; [apply closed; assumption|]. intros z Hz Hne.
  destruct (inverse x Hx) as [Hi [_ Hxi]].
  assert (Hxs : op x (op (inv x) z) = z) by (rewrite <- assoc, Hxi by assumption; apply identity, Hz).
  rewrite <- Hxs. apply Margin; [apply closed; assumption|]. intros E. apply Hne. rewrite <- Hxs, E. reflexivity.
Qed.
