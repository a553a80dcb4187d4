(** Theorem even: what the neurons at a point do to a margin is a table of where y and x⁻¹z bring the point,
    of which the least over all x of a type is taken.  No pair of inputs is looked at but to add numbers of x, y and xy. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Group Norms Actions Sets Vectors.
Import ListNotations.
Open Scope Z_scope.

(** ** What an explanation says.  Nothing of it is believed: see [gsets_ok]. *)
Record even_circuit := EvenCircuit {
  even_sets : list gset;
  even_writes : list (list Z);        (* neuron, d: ū, what it is taken to write where z carries its point to d *)
  even_units : list int;              (* the unit in which each neuron's rest is measured (Vectors.v) *)
  types : list nat;                   (* x: its type *)
  type_count : nat;
  bias_columns : list (gset * nat);   (* sets and points by which the bias is taken to be written: one, or none *)
  bias_writes : list Z;               (* d: and what, where z carries that point to d *)
  centred : list bool;                (* neuron: are a and b taken off its activations? *)
  means_x : list (list Z);            (* x, neuron: a *)
  means_y : list (list Z)             (* neuron, d: b, where y carries its point to d *)
}.

(** A column: the neurons at a point of a set. *)
Definition column : Type := gset * nat.
Definition members_in (K : column) : list (nat * list Z) := members_of (fst K) (snd K).
Definition place (z : nat) (K : column) : nat := move_of (fst K) z (snd K).
Definition points_in (K : column) : nat := size (fst K).
Definition inhabited (K : column) : bool := match members_in K with nil => false | _ => true end.
Definition columns_of (sets : list gset) : list column :=
  flat_map (fun G => filter inhabited (map (pair G) (seq 0 (size G)))) sets.

Definition even_write (C : even_circuit) (d i : nat) : Z := zentry (even_writes C) i d.
Definition unit_at (C : even_circuit) (E : nat * list Z) : int := nth (fst E) (even_units C) 0%uint63.
Definition is_centred (C : even_circuit) (E : nat * list Z) : bool := nth (fst E) (centred C) false.
Definition mean_x (C : even_circuit) (x : nat) (E : nat * list Z) : Z :=
  if is_centred C E then zentry (means_x C) x (fst E) else 0.
Definition mean_y (C : even_circuit) (d : nat) (E : nat * list Z) : Z :=
  if is_centred C E then zentry (means_y C) (fst E) d else 0.
Definition bias_write (C : even_circuit) (z : nat) : Z := lsum (fun K => nth (place z K) (bias_writes C) 0) (bias_columns C).

(** δ: what is left of unembed and of the bias. *)
Definition left_over (r : rounded) (C : even_circuit) (z : nat) (K : column) (E : nat * list Z) : Z :=
  zentry (rows_unembed r) z (fst E) - even_write C (place z K) (fst E).
Definition bias_left (r : rounded) (C : even_circuit) (z : nat) : Z := nth z (row_bias r) 0 - bias_write C z.

(** ** L: the least over the x of a type of T(xc', c') - T(xd, c'), row by row (c').  [values c'] is what T writes at xd. *)
Definition gain_row (c' : nat) (values : list Z) : list Z := let own := nth c' values 0 in map (fun v => own - v) values.
Definition gains (q : nat) (values : nat -> list Z) : list (list Z) := tabulate q (fun c' => gain_row c' (values c')).

Definition minimum (a b : list Z) : list Z := map (fun uv => Z.min (fst uv) (snd uv)) (combine a b).
Definition minima (a b : list (list Z)) : list (list Z) := map (fun uv => minimum (fst uv) (snd uv)) (combine a b).
Definition least (C : even_circuit) (q t : nat) (tables : list (nat * list (list Z))) : list (list Z) :=
  fold_right (fun xT acc => if (nth (fst xT) (types C) O =? t)%nat then minima (snd xT) acc else acc)
    (tabulate q (fun _ => tabulate q (fun _ => 2 ^ 62))) tables.

(** For one x: the activations of a column by what they read (c'), T at xd, and the squares of what a and b leave. *)
Definition column_reads (K : column) : list (list int) :=
  tabulate (points_in K) (fun c' => map of_Z (map (fun E => gamma_of E c') (members_in K))).
Definition activations (row : list Z) (reads : list (list int)) (K : column) : list (list int) :=
  let l := map of_Z (map (fun E => nth (fst E) row 0) (members_in K)) in map (hiddens l) reads.
Definition column_gains (x : nat) (K : column) (us hids : list (list int)) : list (list Z) :=
  let carried := tabulate (points_in K) (fun d => nth (move_of (fst K) x d) us nil) in
  gains (points_in K) (fun c' => let h := nth c' hids nil in map (fun u => signed (dot 0 u h)) carried).
Definition column_squares (C : even_circuit) (x : nat) (K : column) (hids : list (list int)) : list Z :=
  tabulate (points_in K) (fun c' =>
    let off := map (fun E => mean_x C x E + mean_y C c' E) (members_in K) in
    let rest := map (fun ha => fst ha - snd ha)%uint63 (combine (nth c' hids nil) (map of_Z off)) in
    to_Z (squares 0 (ceilings (map (unit_at C) (members_in K)) rest))).

(** Of a column: what readings may lose, L for every type, and the squares for every x. *)
Definition prepared_column : Type :=
  column * ((list Z * (list (list Z) * list (list Z))) * (list (list (list Z)) * list (list Z))).
Definition prepare_column (n : nat) (r : rounded) (C : even_circuit) (K : column) : prepared_column :=
  let us := machine_us (points_in K) (even_write C) (members_in K) in
  let reads := column_reads K in
  let found := tabulate n (fun x =>
    let hids := activations (nth x (rows_left r) nil) reads K in
    ((x, column_gains x K us hids), column_squares C x K hids)) in
  let tables := map fst found in
  (K, (point_widths n r (fst K) (snd K),
       (tabulate (type_count C) (fun t => least C (points_in K) t tables), map snd found))).

(** And of the bias. *)
Definition bias_values (C : even_circuit) (x : nat) (K : column) : list Z :=
  tabulate (points_in K) (fun d => nth (move_of (fst K) x d) (bias_writes C) 0).
Definition prepare_bias (n : nat) (C : even_circuit) (K : column) : column * list (list (list Z)) :=
  let tables := tabulate n (fun x => let values := bias_values C x K in (x, gains (points_in K) (fun _ => values))) in
  (K, tabulate (type_count C) (fun t => least C (points_in K) t tables)).

(** ** M: for one y and d, what readings lose less what L gains. *)
Definition losses (y : nat) (table : list (list Z)) (K : column) (lost : Z * Z) : list Z :=
  let here := place y K in
  let gain := nth here table nil in
  tabulate (points_in K) (fun d => (if (d =? here)%nat then fst lost else snd lost) - nth d gain 0).
Definition along (places : list nat) (values : list (list Z)) : Z :=
  lsum (fun pv => nth (fst pv) (snd pv) 0) (combine places values).

(** ** What is left of unembed: by Cauchy-Schwarz; activations from which nothing is taken off are not negative. *)
Definition part (r : rounded) (C : even_circuit) (sign : Z) (z : nat) (K : column) (E : nat * list Z) : Z :=
  let v := sign * left_over r C z K E in if is_centred C E then v else relu v.
Definition left_over_squares (r : rounded) (C : even_circuit) (sign : Z) (columns : list column) (z : nat) : Z :=
  lsum (fun K => scaled_squares (map (unit_at C) (members_in K)) (map (part r C sign z K) (members_in K))) columns.

(** The neurons with means. *)
Definition centred_in (C : even_circuit) (columns : list column) : list (column * (nat * list Z)) :=
  flat_map (fun K => map (pair K) (filter (is_centred C) (members_in K))) columns.

(** For one x: the lengths by y; what is left, against a, by z; the most that a rival can have of both. *)
Definition even_x (n : nat) (C : even_circuit) (prepared : list prepared_column) (places : list (list nat))
    (chosen : list (column * (nat * list Z))) (rests : list (list Z * Z)) (above : list Z) (x : nat) : list Z * (list Z * Z) :=
  let squares := map (fun P => nth x (snd (snd (snd P))) nil) prepared in
  let lengths := map (fun here => Z.sqrt_up (along here squares)) places in
  let longest := fold_right Z.max 0 lengths in
  let off := map (fun KE => mean_x C x (snd KE)) chosen in
  let written := map (fun d => zdot off (fst d) + snd d) rests in
  (lengths, (written, highest (map (fun wa => fst wa + longest * snd wa) (combine written above)))).

(** For one y: type by type the most that a rival can have without x; what is left, against b, by z; the most of it. *)
Definition even_y (n : nat) (r : rounded) (C : even_circuit) (prepared : list prepared_column)
    (biases : list (column * list (list (list Z)))) (places : list (list nat))
    (chosen : list (column * (nat * list Z))) (rests : list (list Z * Z)) (y : nat) : list Z * (list Z * Z) :=
  let row := nth y (rows_right r) nil in
  let lost := map (fun P => point_error row (fst (fst P)) (fst (snd P)) y (snd (fst P))) prepared in
  let rivals := tabulate (type_count C) (fun t =>
    let values := map (fun PL => let P := fst PL in losses y (nth t (fst (snd (snd P))) nil) (fst P) (snd PL)) (combine prepared lost) ++
                  map (fun KT => losses y (nth t (snd KT) nil) (fst KT) (0, 0)) biases in
    top_but n y (fun s => along (nth s places nil) values)) in
  let off := map (fun KE => mean_y C (place y (fst KE)) (snd KE)) chosen in
  let written := map (fun d => zdot off (fst d)) rests in
  (rivals, (written, highest written)).

(** ** No sum leaves 63 bits; the points are points. *)
Definition even_reads (r : rounded) (C : even_circuit) : Z := largest_of largest (rows_left r) + largest (gammas_of (even_sets C)).
Definition even_rests (r : rounded) (C : even_circuit) : Z :=
  even_reads r C + (largest_of largest (means_x C) + largest_of largest (means_y C)).
Definition even_fit (n : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat) (r : rounded) (C : even_circuit) : bool :=
  (even_reads r C <? 2 ^ 62) &&
  forallb (fun K => units_fit (even_rests r C) (map (unit_at C) (members_in K)) &&
    all (points_in K) (fun d => total (map (fun E => even_write C d (fst E)) (members_in K)) * even_reads r C <? 2 ^ 62))
    (columns_of (even_sets C)) &&
  forallb (fun K => action_ok n op e generators (points_in K) (move_of (fst K)) && (snd K <? points_in K)%nat) (bias_columns C) &&
  all n (fun x => (nth x (types C) O <? type_count C)%nat).

(** ** The rule *)
Definition count_even (a : Z) (n m : nat) (op : nat -> nat -> nat) (r : rounded) (C : even_circuit) : Z :=
  let need := 2 * slack a m (writes_most r) (reads_most r) + 1 in
  let columns := columns_of (even_sets C) in
  let prepared := map (prepare_column n r C) columns in
  let biases := map (prepare_bias n C) (bias_columns C) in
  let places := tabulate n (fun s => map (place s) (columns ++ bias_columns C)) in
  let chosen := centred_in C columns in
  let rests := tabulate n (fun z => (map (fun KE => left_over r C z (fst KE) (snd KE)) chosen, bias_left r C z)) in
  let above := tabulate n (fun z => Z.sqrt_up (left_over_squares r C 1 columns z)) in
  let below := tabulate n (fun z => Z.sqrt_up (left_over_squares r C (-1) columns z)) in
  let by_x := tabulate n (even_x n C prepared places chosen rests above) in
  let by_y := tabulate n (even_y n r C prepared biases places chosen rests) in
  sum n (fun x => let X := nth x by_x (nil, (nil, 0)) in let t := nth x (types C) O in
    sum n (fun y => let Y := nth y by_y (nil, (nil, 0)) in let answer := op x y in
      if need + nth t (fst Y) 0 + nth answer below 0 * nth y (fst X) 0 + snd (snd X) + snd (snd Y) <=?
         nth answer (fst (snd X)) 0 + nth answer (fst (snd Y)) 0 then 1 else 0)).

Definition even_rounded (a : Z) (m : nat) (r : rounded) (generators : list nat) (C : even_circuit) : Z :=
  let t := row_table r in
  let n := length t in
  match find_identity t with
  | None => 0
  | Some e =>
    let inverses := inverse_table t e in
    if group t generators && inverses_ok n (table_product t) e (fun x => nth x inverses O) &&
       gsets_ok n m (table_product t) e generators (even_sets C) && even_fit n (table_product t) e generators r C
    then count_even a n m (table_product t) r C
    else 0
  end.

(** ** Its soundness *)
Lemma lsum_map (A B : Type) (h : A -> B) (f : B -> Z) l : lsum f (map h l) = lsum (fun a => f (h a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma bounded_lsum (X : Type) (f A B : X -> Z) l :
  (forall a, In a l -> bounded (f a) (A a) (B a)) -> bounded (lsum f l) (lsum A l) (lsum B l).
Proof.
  induction l as [|a l IH]; intros H; simpl.
  - exists 0. unfold schwarz. lia.
  - destruct (IH (fun b Hb => H b (or_intror Hb))) as [S [H1 H2]]. destruct (H a (or_introl eq_refl)) as [S' [H3 H4]].
    exists (S' + S). split; [lia|]. apply schwarz_plus; assumption.
Qed.

Lemma bounded_more v v' A B B' : bounded v' A B -> v <= v' -> B <= B' -> bounded v A B'.
Proof.
  intros [S [H1 [H2 [H3 H4]]]] Hv HB. exists S. split; [lia|]. split; [exact H2|]. split; [lia|]. nia.
Qed.

Lemma lsum_app (A : Type) (f : A -> Z) l l' : lsum f (l ++ l') = lsum f l + lsum f l'.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. lia. Qed.

Lemma lsum_flat_map (A B : Type) (g : A -> list B) (f : B -> Z) l : lsum f (flat_map g l) = lsum (fun a => lsum f (g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite lsum_app, IHl. reflexivity. Qed.

Lemma lsum_filter (A : Type) (P : A -> bool) (f : A -> Z) l :
  (forall a, In a l -> P a = false -> f a = 0) -> lsum f (filter P l) = lsum f l.
Proof.
  induction l as [|a l IH]; intros H; simpl; [reflexivity|].
  assert (IH' : lsum f (filter P l) = lsum f l) by (apply IH; intros b Hb; apply H; right; exact Hb).
  destruct (P a) eqn:E; simpl; rewrite IH'; [reflexivity|]. rewrite (H a (or_introl eq_refl) E). reflexivity.
Qed.

Lemma lsum_columns f sets : (forall K, members_in K = nil -> f K = 0) ->
  lsum f (columns_of sets) = lsum (fun G => sum (size G) (fun c => f (G, c))) sets.
Proof.
  intros H. unfold columns_of. rewrite lsum_flat_map. apply lsum_ext. intros G _.
  rewrite lsum_filter by (intros K _ E; apply H; unfold inhabited in E; destruct (members_in K); [reflexivity|discriminate]).
  rewrite lsum_map, lsum_seq. reflexivity.
Qed.

Lemma in_columns K sets : In K (columns_of sets) -> In (fst K) sets /\ (snd K < points_in K)%nat.
Proof.
  unfold columns_of. intros H. apply in_flat_map in H. destruct H as [G [HG H]]. apply filter_In in H. destruct H as [H _].
  apply in_map_iff in H. destruct H as [c [<- Hc]]. apply in_seq in Hc. split; [exact HG|]. unfold points_in. cbn [fst snd]. lia.
Qed.

Lemma along_map (A : Type) (f : A -> nat) (g : A -> list Z) l l' :
  along (map f (l ++ l')) (map g l) = lsum (fun a => nth (f a) (g a) 0) l.
Proof.
  unfold along. induction l as [|a l IH]; simpl; [destruct (map f l'); reflexivity|]. f_equal. exact IH.
Qed.

Lemma along_app (A : Type) (f : A -> nat) (g h : A -> list Z) l l' :
  along (map f (l ++ l')) (map g l ++ map h l') = lsum (fun a => nth (f a) (g a) 0) l + lsum (fun a => nth (f a) (h a) 0) l'.
Proof.
  unfold along. induction l as [|a l IH]; simpl.
  - induction l' as [|a l' IH']; simpl; [reflexivity|]. rewrite IH'. lia.
  - rewrite IH. lia.
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

Lemma gains_square q values : (forall c, (c < q)%nat -> length (values c) = q) -> square q (gains q values).
Proof.
  intros H. split; [unfold gains, tabulate; rewrite map_length, seq_length; reflexivity|].
  intros c Hc. unfold gains. rewrite (tabulate_nth _ q (fun c' => gain_row c' (values c'))) by exact Hc.
  unfold gain_row. cbv zeta. rewrite map_length. apply H, Hc.
Qed.

Lemma gains_entry q values c d : length (values c) = q -> (c < q)%nat -> (d < q)%nat ->
  zentry (gains q values) c d = nth c (values c) 0 - nth d (values c) 0.
Proof.
  intros L Hc Hd. unfold zentry, gains. rewrite (tabulate_nth _ q (fun c' => gain_row c' (values c'))) by exact Hc.
  unfold gain_row. cbv zeta.
  rewrite (nth_indep _ 0 ((fun v => nth c (values c) 0 - v) 0)) by (rewrite map_length; lia).
  rewrite (map_nth (fun v => nth c (values c) 0 - v)). reflexivity.
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
  Hypothesis fit : even_fit n op e generators r C = true.
  Let N' := rounded_network m r.
  Let columns := columns_of (even_sets C).
  Let reads := even_reads r C.

  Lemma column_facts K : In K columns ->
    In (fst K) (even_sets C) /\ (snd K < points_in K)%nat /\ action n op e (points_in K) (move_of (fst K)).
  Proof.
    intros HK. destruct (in_columns K _ HK) as [H1 H2]. split; [exact H1|]. split; [exact H2|].
    apply (gset_facts n m op e generators (even_sets C) closed assoc identity induction ok (fst K) H1).
  Qed.

  Lemma bias_facts K : In K (bias_columns C) ->
    (snd K < points_in K)%nat /\ action n op e (points_in K) (move_of (fst K)).
  Proof.
    intros HK. pose proof fit as F. unfold even_fit in F. rewrite !andb_true_iff, !forallb_forall in F.
    destruct F as [[_ F] _]. specialize (F K HK). rewrite andb_true_iff, Nat.ltb_lt in F. destruct F as [F1 F2].
    split; [exact F2|]. apply (action_ok_sound n op e generators closed assoc identity induction). exact F1.
  Qed.

  Lemma fit_at K : In K columns -> reads < 2 ^ 62 /\
    units_fit (even_rests r C) (map (unit_at C) (members_in K)) = true /\
    forall d, (d < points_in K)%nat -> total (map (fun E => even_write C d (fst E)) (members_in K)) * reads < 2 ^ 62.
  Proof.
    intros HK. pose proof fit as F. unfold even_fit in F. rewrite !andb_true_iff, Z.ltb_lt, !forallb_forall in F.
    destruct F as [[[F1 F2] _] _]. split; [exact F1|]. specialize (F2 K HK).
    rewrite andb_true_iff, all_spec in F2. destruct F2 as [F2 F3]. split; [exact F2|].
    intros d Hd. apply Z.ltb_lt, F3, Hd.
  Qed.

  Lemma type_fits x : (x < n)%nat -> (nth x (types C) O < type_count C)%nat.
  Proof.
    intros Hx. pose proof fit as F. unfold even_fit in F. rewrite !andb_true_iff, all_spec in F.
    destruct F as [_ F]. apply Nat.ltb_lt, F, Hx.
  Qed.

  Lemma reads_gamma K E c' : In K columns -> In E (members_in K) ->
    Z.abs (gamma_of E c') <= largest (gammas_of (even_sets C)).
  Proof.
    intros HK HE. apply (gamma_bound (even_sets C) (fst K) (snd K)); [apply (column_facts K HK)|exact HE].
  Qed.

  (** What the neurons of a column write on d when they read c'. *)
  Definition wrote (K : column) (x d c' : nat) : Z :=
    lsum (fun E => even_write C d (fst E) * relu (left N' x (fst E) + gamma_of E c')) (members_in K).

  Let us_of (K : column) := machine_us (points_in K) (even_write C) (members_in K).
  Let hids_of (K : column) (x : nat) := activations (nth x (rows_left r) nil) (column_reads K) K.

  Lemma hids_at K x c' : (c' < points_in K)%nat ->
    nth c' (hids_of K x) nil = hiddens (map of_Z (map (fun E => nth (fst E) (nth x (rows_left r) nil) 0) (members_in K)))
                                       (map of_Z (map (fun E => gamma_of E c') (members_in K))).
  Proof. intros Hc. unfold hids_of, activations, column_reads. rewrite nth_map_tabulate by exact Hc. reflexivity. Qed.

  Lemma column_gains_spec K x : In K columns -> (x < n)%nat ->
    square (points_in K) (column_gains x K (us_of K) (hids_of K x)) /\
    forall c' d, (c' < points_in K)%nat -> (d < points_in K)%nat ->
    zentry (column_gains x K (us_of K) (hids_of K x)) c' d =
    wrote K x (move_of (fst K) x c') c' - wrote K x (move_of (fst K) x d) c'.
  Proof.
    intros HK Hx. destruct (column_facts K HK) as [_ [_ [Gr _]]]. destruct (fit_at K HK) as [F1 [_ F2]].
    assert (L : forall f : list int -> Z, length (map f (tabulate (points_in K) (fun d => nth (move_of (fst K) x d) (us_of K) nil))) = points_in K)
      by (intros f; unfold tabulate; rewrite !map_length, seq_length; reflexivity).
    split; [apply gains_square; intros; apply L|]. intros c' d Hc Hd. unfold column_gains. cbv zeta.
    rewrite gains_entry; [|apply L|exact Hc|exact Hd].
    assert (V : forall v, (v < points_in K)%nat ->
      nth v (map (fun u => signed (dot 0 u (nth c' (hids_of K x) nil)))
        (tabulate (points_in K) (fun d => nth (move_of (fst K) x d) (us_of K) nil))) 0 = wrote K x (move_of (fst K) x v) c').
    { intros v Hv. rewrite nth_map_tabulate by exact Hv. rewrite hids_at by exact Hc. unfold us_of, machine_us.
      pose proof (Gr x v Hx Hv) as Hm. rewrite tabulate_nth by exact Hm.
      apply (dot_value (nth x (rows_left r) nil) (members_in K) (even_write C) (largest_of largest (rows_left r))
               (largest (gammas_of (even_sets C)))).
      - apply largest_of_nonneg.
      - apply largest_nonneg.
      - exact F1.
      - intros i. apply nth_rows_largest.
      - intros E HE. apply (reads_gamma K); assumption.
      - exact (F2 _ Hm). }
    rewrite !V by assumption. reflexivity.
  Qed.

  Let tables_of (K : column) : list (nat * list (list Z)) :=
    map fst (tabulate n (fun x => ((x, column_gains x K (us_of K) (hids_of K x)), column_squares C x K (hids_of K x)))).

  (** L is a lower bound of what the column gives. *)
  Lemma column_least K x c' d : In K columns -> (x < n)%nat -> (c' < points_in K)%nat -> (d < points_in K)%nat ->
    zentry (least C (points_in K) (nth x (types C) O) (tables_of K)) c' d <=
    wrote K x (move_of (fst K) x c') c' - wrote K x (move_of (fst K) x d) c'.
  Proof.
    intros HK Hx Hc Hd. destruct (column_gains_spec K x HK Hx) as [_ V]. rewrite <- (V c' d Hc Hd).
    unfold tables_of, tabulate. rewrite map_map. cbn [fst].
    apply (least_spec C (points_in K) _ x); [|apply (in_map (fun x => (x, column_gains x K (us_of K) (hids_of K x)))), in_seq; lia|reflexivity|exact Hc|exact Hd].
    intros xT HI. apply in_map_iff in HI. destruct HI as [x' [<- HI]]. apply in_seq in HI. cbn [snd].
    apply column_gains_spec; [exact HK|lia].
  Qed.

  Lemma bias_least K x c' d : In K (bias_columns C) -> (x < n)%nat -> (c' < points_in K)%nat -> (d < points_in K)%nat ->
    zentry (nth (nth x (types C) O) (snd (prepare_bias n C K)) nil) c' d <=
    nth (move_of (fst K) x c') (bias_writes C) 0 - nth (move_of (fst K) x d) (bias_writes C) 0.
  Proof.
    intros HK Hx Hc Hd. unfold prepare_bias. cbv zeta. cbn [snd].
    rewrite (tabulate_nth _ (type_count C)) by (apply type_fits; exact Hx).
    assert (L : forall x, length (bias_values C x K) = points_in K)
      by (intros; unfold bias_values, tabulate; rewrite map_length, seq_length; reflexivity).
    eapply Z.le_trans; [apply (least_spec C (points_in K) _ x (gains (points_in K) (fun _ => bias_values C x K)))|].
    - intros xT HI. apply in_map_iff in HI. destruct HI as [x' [<- _]]. cbn [snd]. apply gains_square. intros. apply L.
    - unfold tabulate at 1. apply (in_map (fun x => (x, gains (points_in K) (fun _ => bias_values C x K)))), in_seq. lia.
    - reflexivity.
    - exact Hc.
    - exact Hd.
    - rewrite gains_entry; [|apply L|exact Hc|exact Hd]. unfold bias_values. rewrite !tabulate_nth by assumption. lia.
  Qed.

  (** The activation that a neuron is taken to have, and what its means leave of it. *)
  Definition taken (x y : nat) (K : column) (E : nat * list Z) : Z := relu (left N' x (fst E) + gamma_of E (place y K)).
  Definition remains (x y : nat) (K : column) (E : nat * list Z) : Z :=
    taken x y K E - (mean_x C x E + mean_y C (place y K) E).

  Lemma left_over_bound sign x y z : (x < n)%nat -> (y < n)%nat ->
    lsum (fun K => lsum (fun E => sign * left_over r C z K E * remains x y K E) (members_in K)) columns <=
    Z.sqrt_up (left_over_squares r C sign columns z) *
    Z.sqrt_up (lsum (fun K => nth (place y K) (column_squares C x K (hids_of K x)) 0) columns).
  Proof.
    intros Hx Hy. apply bounded_length. unfold left_over_squares. apply bounded_lsum. intros K HK.
    destruct (column_facts K HK) as [_ [Hp [Gr _]]]. destruct (fit_at K HK) as [F1 [F2 _]].
    set (mem := members_in K) in *. set (row := nth x (rows_left r) nil). set (c' := place y K).
    assert (Hc' : (c' < points_in K)%nat) by (apply Gr; assumption).
    unfold column_squares. rewrite tabulate_nth by exact Hc'. cbv zeta. fold mem.
    rewrite hids_at by exact Hc'. fold mem row.
    set (off := map (fun E => mean_x C x E + mean_y C c' E) mem).
    set (zls := map (fun E => nth (fst E) row 0) mem). set (zgs := map (fun E => gamma_of E c') mem).
    set (ds := map (part r C sign z K) mem).
    assert (Hlen : forall (A : Type) (f : nat * list Z -> A), length (map f mem) = length mem) by (intros; apply map_length).
    assert (Hls : forall a, In a zls -> Z.abs a <= largest_of largest (rows_left r)).
    { intros a Ha. apply in_map_iff in Ha. destruct Ha as [E [<- _]]. apply nth_rows_largest. }
    assert (Hgs : forall b, In b zgs -> Z.abs b <= largest (gammas_of (even_sets C))).
    { intros b Hb. apply in_map_iff in Hb. destruct Hb as [E [<- HE]]. apply (reads_gamma K); assumption. }
    pose proof (largest_of_nonneg largest (rows_left r)) as HL. pose proof (largest_nonneg (gammas_of (even_sets C))) as HR.
    pose proof (stands_hiddens _ _ zls zgs HL HR F1 Hls Hgs) as St.
    assert (Value : zhiddens zls zgs = map (fun E => taken x y K E) mem).
    { unfold zls, zgs. rewrite zhiddens_map. reflexivity. }
    rewrite Value in St. pose proof (stands_less _ _ off St) as St'. unfold off in St' at 2. rewrite combine_maps, map_map in St'.
    cbn [fst snd] in St'.
    assert (Hb : forall v, In v (map (fun E => taken x y K E - (mean_x C x E + mean_y C c' E)) mem) -> Z.abs v <= even_rests r C).
    { intros v Hv. apply in_map_iff in Hv. destruct Hv as [E [<- HE]].
      pose proof (nth_rows_largest (rows_left r) x (fst E)) as H1. pose proof (reads_gamma K E c' HK HE) as H2.
      pose proof (nth_rows_largest (means_x C) x (fst E)) as H3. pose proof (nth_rows_largest (means_y C) (fst E) c') as H4.
      unfold even_rests, even_reads, taken, mean_x, mean_y, zentry, left, N', rounded_network. fold c'.
      unfold zentry. set (l := nth (fst E) (nth x (rows_left r) nil) 0) in *. unfold relu. destruct (is_centred C E); lia. }
    pose proof (scaled_schwarz (even_rests r C) (map (unit_at C) mem) _ ds _ F2 St' Hb
      ltac:(unfold ds; rewrite !Hlen; reflexivity) ltac:(rewrite !Hlen; reflexivity)) as B.
    eapply bounded_more; [exact B| |apply Z.le_refl].
    eapply Z.le_trans; [|apply (proj1 (Z.abs_le _ _) (Z.le_refl _))].
    unfold ds. rewrite zdot_map. apply lsum_le. intros E _. cbv beta. unfold remains. fold c'. unfold part. cbv zeta.
    set (v := sign * left_over r C z K E). set (t := taken x y K E - _).
    destruct (is_centred C E) eqn:Hcentred; [lia|].
    assert (0 <= t) by (unfold t, mean_x, mean_y; rewrite Hcentred; unfold taken, relu; lia).
    apply Z.mul_le_mono_nonneg_r; [assumption|]. unfold relu. lia.
  Qed.

  Definition lost_at (y : nat) (K : column) : Z * Z :=
    point_error (nth y (rows_right r) nil) (fst K) (point_widths n r (fst K) (snd K)) y (snd K).

  (** One column: the right answer against z = x s. *)
  Lemma column_margin K x y s : In K columns -> (x < n)%nat -> (y < n)%nat -> (s < n)%nat ->
    zentry (least C (points_in K) (nth x (types C) O) (tables_of K)) (place y K) (place s K) -
    (if (place s K =? place y K)%nat then fst (lost_at y K) else snd (lost_at y K)) +
    lsum (fun E => (left_over r C (op x y) K E - left_over r C (op x s) K E) * taken x y K E) (members_in K) <=
    lsum (fun E => (unembed N' (fst E) (op x y) - unembed N' (fst E) (op x s)) *
                   relu (left N' x (fst E) + right N' y (fst E))) (members_in K).
  Proof.
    intros HK Hx Hy Hs. destruct (column_facts K HK) as [HG [Hp [Gr [Ge Gop]]]].
    pose proof (action_bijection n op e inv inverse (points_in K) (move_of (fst K)) x (conj Gr (conj Ge Gop)) Hx) as Bx.
    pose proof (column_least K x (place y K) (place s K) HK Hx (Gr y _ Hy Hp) (Gr s _ Hs Hp)) as L.
    unfold place in L at 3 4 5 6. rewrite <- !Gop in L by assumption. change (move_of (fst K) y (snd K)) with (place y K) in L.
    pose proof (write_apart n m op e generators (even_sets C) r closed assoc identity induction ok (fst K) x y (op x s) (snd K)
      HG (closed x s Hx Hs) (closed x y Hx Hy) Hp Hy) as W. cbv zeta in W. fold (lost_at y K) in W.
    assert (Same : (move_of (fst K) (op x s) (snd K) =? move_of (fst K) (op x y) (snd K))%nat = (place s K =? place y K)%nat).
    { unfold place. rewrite !Gop by assumption.
      destruct (Bx _ (Gr y _ Hy Hp)) as [_ [_ [_ B0]]]. destruct (Bx _ (Gr s _ Hs Hp)) as [_ [_ [_ B1]]].
      destruct (Nat.eqb_spec (move_of (fst K) s (snd K)) (move_of (fst K) y (snd K))) as [E|E]; [rewrite E; apply Nat.eqb_refl|].
      apply Nat.eqb_neq. intros E'. apply E. rewrite <- B1, E'. exact B0. }
    rewrite Same in W. set (lost := if (place s K =? place y K)%nat then _ else _) in *.
    set (least_here := zentry _ _ _) in *.
    enough (T : wrote K x (move_of (fst K) (op x y) (snd K)) (place y K) - wrote K x (move_of (fst K) (op x s) (snd K)) (place y K) +
      lsum (fun E => (left_over r C (op x y) K E - left_over r C (op x s) K E) * taken x y K E) (members_in K) -
      lsum (fun E => Z.abs (zentry (rows_unembed r) (op x y) (fst E) - zentry (rows_unembed r) (op x s) (fst E)) *
        Z.abs (right N' y (fst E) - gamma_of E (move_of (fst K) y (snd K)))) (members_of (fst K) (snd K)) <=
      lsum (fun E => (unembed N' (fst E) (op x y) - unembed N' (fst E) (op x s)) *
                     relu (left N' x (fst E) + right N' y (fst E))) (members_in K)) by (fold N' in W; lia).
    clear W L. unfold wrote. change (members_of (fst K) (snd K)) with (members_in K).
    rewrite <- lsum_minus, <- lsum_plus, <- lsum_minus. apply lsum_le. intros E _. cbv beta.
    unfold left_over, taken. change (move_of (fst K) y (snd K)) with (place y K).
    change (move_of (fst K) (op x y) (snd K)) with (place (op x y) K). change (move_of (fst K) (op x s) (snd K)) with (place (op x s) K).
    change (zentry (rows_unembed r) (op x y) (fst E)) with (unembed N' (fst E) (op x y)).
    change (zentry (rows_unembed r) (op x s) (fst E)) with (unembed N' (fst E) (op x s)).
    pose proof (relu_lipschitz (left N' x (fst E) + gamma_of E (place y K)) (left N' x (fst E) + right N' y (fst E))) as Hl.
    set (d := unembed N' (fst E) (op x y) - unembed N' (fst E) (op x s)) in *.
    set (h := relu (left N' x (fst E) + right N' y (fst E))) in *.
    set (h' := relu (left N' x (fst E) + gamma_of E (place y K))) in *.
    set (rho := Z.abs (right N' y (fst E) - gamma_of E (place y K))).
    assert (Hd : Z.abs (h' - h) <= rho) by (unfold rho; lia).
    assert (Z.abs (d * (h' - h)) <= Z.abs d * rho) by (rewrite Z.abs_mul; apply Z.mul_le_mono_nonneg; lia).
    set (b0 := even_write C (place (op x y) K) (fst E)). set (b1 := even_write C (place (op x s) K) (fst E)).
    replace (b0 * h' - b1 * h' + (unembed N' (fst E) (op x y) - b0 - (unembed N' (fst E) (op x s) - b1)) * h')
      with (d * h + d * (h' - h)) by (unfold d; ring).
    lia.
  Qed.

  Lemma lsum_chosen (f : column -> nat * list Z -> Z) : (forall K E, is_centred C E = false -> f K E = 0) ->
    lsum (fun KE => f (fst KE) (snd KE)) (centred_in C columns) = lsum (fun K => lsum (f K) (members_in K)) columns.
  Proof.
    intros H. unfold centred_in. rewrite lsum_flat_map. apply lsum_ext. intros K _. rewrite lsum_map. cbn [fst snd].
    apply lsum_filter. intros E _. apply H.
  Qed.
End EvenSound.

(** Theorem even, for the rounded network. *)
Theorem even_rounded_sound N kl ku a r generators C :
  rounds N kl ku a r -> even_rounded a (width N) r generators C <= right_pairs N.
Proof.
  intros R. unfold even_rounded. cbv zeta.
  set (t := row_table r). set (n := length t). set (op := table_product t). set (m := width N).
  destruct (find_identity t) as [e'|] eqn:He'; [|apply right_pairs_nonneg].
  set (inv := fun x => nth x (inverse_table t e') O).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:H end; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff in H. destruct H as [[[G Hinv] Hok] Fit].
  apply group_facts in G. fold n op in G. destruct G as [[closed [assoc _]] [e [He [e_in [identity Hind]]]]].
  rewrite He' in He. injection He as ->.
  assert (inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e).
  { unfold inverses_ok in Hinv. rewrite all_spec in Hinv. intros x Hx. specialize (Hinv x Hx).
    rewrite !andb_true_iff, Nat.ltb_lt, !Nat.eqb_eq in Hinv. destruct Hinv as [[H1 H2] H3].
    split; [exact H1|]. split; [exact H2|exact H3]. }
  clearbody inv. clear Hinv.
  assert (Hn : n = order N) by (apply (shape_table _ _ _ _ _ R)).
  unfold count_even. cbv zeta. set (columns := columns_of (even_sets C)).
  set (need := 2 * slack a m (writes_most r) (reads_most r) + 1).
  set (prepared := map (prepare_column n r C) columns). set (biases := map (prepare_bias n C) (bias_columns C)).
  set (places := tabulate n (fun s => map (place s) (columns ++ bias_columns C))).
  set (chosen := centred_in C columns).
  set (rest := fun z => (map (fun KE => left_over r C z (fst KE) (snd KE)) chosen, bias_left r C z)).
  set (rests := tabulate n rest).
  set (above := tabulate n (fun z => Z.sqrt_up (left_over_squares r C 1 columns z))).
  set (below := tabulate n (fun z => Z.sqrt_up (left_over_squares r C (-1) columns z))).
  unfold right_pairs. rewrite <- Hn. apply sum_le. intros x Hx. cbv beta. rewrite !tabulate_nth by exact Hx.
  set (X := even_x n C prepared places chosen rests above x).
  apply sum_le. intros y Hy. cbv beta. rewrite !tabulate_nth by exact Hy.
  set (Y := even_y n r C prepared biases places chosen rests y).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:P end; [|destruct (right_answerb N x y); lia].
  apply Z.leb_le in P.
  assert (Hxy : (op x y < n)%nat) by (apply closed; assumption).
  assert (Hright : right_answer N x y); [|apply right_answerb_spec in Hright; rewrite Hright; lia].
  apply (margin_right N kl ku a r x y R); [lia|lia|].
  unfold margin_above. fold t op n. cbv zeta. change (table_product t x y) with (op x y). fold m need.
  split; [exact Hxy|]. intros z Hz Hne.
  destruct (inverse x Hx) as [Hi [_ Hxi]]. set (s := op (inv x) z). assert (Hs : (s < n)%nat) by (apply closed; assumption).
  assert (Hxs : op x s = z) by (unfold s; rewrite <- assoc, Hxi by assumption; apply identity, Hz).
  assert (Hsy : s <> y) by (intros E; apply Hne; rewrite <- Hxs, E; reflexivity).
  rewrite <- Hxs in *. clear Hne. clearbody s. clear Hxs z Hi Hxi.
  set (z := op x s) in *.
  (* what x costs *)
  set (E := fun v => Z.sqrt_up (lsum (fun K => nth (place v K) (column_squares C x K (activations (nth x (rows_left r) nil) (column_reads K) K)) 0) columns)).
  assert (Lengths : forall v, (v < n)%nat -> nth v (fst X) 0 = E v).
  { intros v Hv. unfold X, even_x, places. cbv zeta. cbn [fst]. rewrite nth_map_tabulate by exact Hv.
    unfold prepared. rewrite map_map, along_map. unfold E. f_equal. apply lsum_ext. intros K _.
    unfold prepare_column. cbv zeta. cbn [snd]. rewrite nth_map_tabulate by exact Hx. reflexivity. }
  set (wx := fun v => lsum (fun K => lsum (fun F => mean_x C x F * left_over r C v K F) (members_in K)) columns).
  assert (Written_x : forall v, zdot (map (fun KE => mean_x C x (snd KE)) chosen) (fst (rest v)) + snd (rest v) = wx v + bias_left r C v).
  { intros v. unfold rest. cbn [fst snd]. rewrite zdot_map. unfold wx, chosen, columns.
    rewrite <- (lsum_chosen C (fun K F => mean_x C x F * left_over r C v K F)) by (intros K F Hc; unfold mean_x; rewrite Hc; ring).
    reflexivity. }
  assert (Own_x : nth (op x y) (fst (snd X)) 0 = wx (op x y) + bias_left r C (op x y)).
  { unfold X, even_x, rests. cbv zeta. cbn [fst snd]. rewrite nth_map_tabulate by exact Hxy. apply Written_x. }
  assert (Most_x : wx z + bias_left r C z + E y * Z.sqrt_up (left_over_squares r C 1 columns z) <= snd (snd X)).
  { assert (Longest : E y <= fold_right Z.max 0 (fst X)).
    { rewrite <- (Lengths y Hy). apply fold_max_spec. apply nth_In.
      unfold X, even_x, places, tabulate. cbv zeta. cbn [fst]. rewrite !map_length, seq_length. exact Hy. }
    unfold X, even_x in Longest |- *. cbv zeta in Longest |- *. cbn [fst snd] in Longest |- *. set (longest := fold_right Z.max 0 _) in *.
    rewrite <- Written_x. pose proof (Z.sqrt_up_nonneg (left_over_squares r C 1 columns z)).
    eapply Z.le_trans; [apply Z.add_le_mono_l, Z.mul_le_mono_nonneg_r; [assumption|exact Longest]|].
    unfold rests, above, tabulate. rewrite map_map, combine_maps, map_map. cbn [fst snd]. apply highest_spec.
    apply (in_map (fun z => zdot (map (fun KE => mean_x C x (snd KE)) chosen) (fst (rest z)) + snd (rest z) +
                            longest * Z.sqrt_up (left_over_squares r C 1 columns z))), in_seq. lia. }
  (* what y costs *)
  set (wy := fun v => lsum (fun K => lsum (fun F => mean_y C (place y K) F * left_over r C v K F) (members_in K)) columns).
  assert (Written_y : forall v, zdot (map (fun KE => mean_y C (place y (fst KE)) (snd KE)) chosen) (fst (rest v)) = wy v).
  { intros v. unfold rest. cbn [fst snd]. rewrite zdot_map. unfold wy, chosen, columns.
    rewrite <- (lsum_chosen C (fun K F => mean_y C (place y K) F * left_over r C v K F)) by (intros K F Hc; unfold mean_y; rewrite Hc; ring).
    reflexivity. }
  assert (Own_y : nth (op x y) (fst (snd Y)) 0 = wy (op x y)).
  { unfold Y, even_y, rests. cbv zeta. cbn [fst snd]. rewrite nth_map_tabulate by exact Hxy. apply Written_y. }
  assert (Most_y : wy z <= snd (snd Y)).
  { unfold Y, even_y. cbv zeta. cbn [fst snd]. rewrite <- Written_y. unfold rests, tabulate. rewrite map_map. apply highest_spec.
    apply (in_map (fun z => zdot (map (fun KE => mean_y C (place y (fst KE)) (snd KE)) chosen) (fst (rest z)))), in_seq. lia. }
  (* M *)
  set (L := fun K => zentry (nth (nth x (types C) O) (fst (snd (snd (prepare_column n r C K)))) nil) (place y K) (place s K)).
  set (B := fun K => zentry (nth (nth x (types C) O) (snd (prepare_bias n C K)) nil) (place y K) (place s K)).
  set (lost := fun K => if (place s K =? place y K)%nat then fst (lost_at n r y K) else snd (lost_at n r y K)).
  assert (Losses : forall K T l, action n op e (points_in K) (move_of (fst K)) -> (snd K < points_in K)%nat ->
    nth (place s K) (losses y T K l) 0 = (if (place s K =? place y K)%nat then fst l else snd l) - zentry T (place y K) (place s K)).
  { intros K T l [Gr _] Hp. unfold losses. cbv zeta. rewrite tabulate_nth by (apply Gr; assumption). reflexivity. }
  assert (Rival : lsum (fun K => lost K - L K) columns - lsum B (bias_columns C) <= nth (nth x (types C) O) (fst Y) 0).
  { unfold Y, even_y. cbv zeta. cbn [fst].
    rewrite tabulate_nth by (apply (type_fits n op e generators r C Fit); exact Hx).
    eapply Z.le_trans; [|apply (top_but_spec n y _ s Hs Hsy)]. cbv beta. unfold places. rewrite tabulate_nth by exact Hs.
    unfold prepared, biases. rewrite combine_map, !map_map. cbn [fst snd]. rewrite along_app.
    rewrite <- (Z.add_opp_r _ (lsum B _)). apply Z.add_le_mono.
    - apply Z.eq_le_incl, lsum_ext. intros K HK.
      destruct (column_facts n m op e generators C closed assoc identity Hind Hok K HK) as [_ [Hp Ha]].
      rewrite (Losses K _ _ Ha Hp). reflexivity.
    - apply Z.eq_le_incl. rewrite <- (Z.mul_1_l (lsum B _)), <- Z.mul_opp_l, <- lsum_scale. apply lsum_ext. intros K HK.
      destruct (bias_facts n op e generators r C closed assoc identity Hind Fit K HK) as [Hp Ha].
      rewrite (Losses K _ _ Ha Hp). cbn [fst snd]. unfold B. destruct (place s K =? place y K)%nat; lia. }
  (* the margin *)
  set (N' := rounded_network m r) in *.
  set (dh := fun K => lsum (fun F => (left_over r C (op x y) K F - left_over r C z K F) * taken m r x y K F) (members_in K)).
  assert (Each : forall K, In K columns -> L K - lost K + dh K <=
    lsum (fun F => (unembed N' (fst F) (op x y) - unembed N' (fst F) z) * relu (left N' x (fst F) + right N' y (fst F))) (members_in K)).
  { intros K HK. eapply Z.le_trans;
      [|apply (column_margin n m op e inv generators r C closed assoc identity Hind inverse Hok Fit K x y s HK Hx Hy Hs)].
    fold N' z. fold (lost K). fold (dh K). unfold L, prepare_column. cbv zeta. cbn [fst snd].
    rewrite (tabulate_nth _ (type_count C)) by (apply (type_fits n op e generators r C Fit); exact Hx). apply Z.le_refl. }
  pose proof (lsum_le _ _ _ columns Each) as All. rewrite lsum_plus, lsum_minus in All.
  assert (Bias : lsum B (bias_columns C) <= bias_write C (op x y) - bias_write C z).
  { unfold bias_write. rewrite <- lsum_minus. apply lsum_le. intros K HK.
    destruct (bias_facts n op e generators r C closed assoc identity Hind Fit K HK) as [Hp [Gr [_ Gop]]].
    pose proof (bias_least n op e generators r C Fit K x (place y K) (place s K) HK Hx (Gr y _ Hy Hp) (Gr s _ Hs Hp)) as BL.
    unfold place in BL at 3 4. rewrite <- !Gop in BL by assumption. exact BL. }
  assert (Split : lsum dh columns = wx (op x y) - wx z + (wy (op x y) - wy z) +
    lsum (fun K => lsum (fun F => 1 * left_over r C (op x y) K F * remains m r C x y K F) (members_in K)) columns -
    lsum (fun K => lsum (fun F => 1 * left_over r C z K F * remains m r C x y K F) (members_in K)) columns).
  { unfold wx, wy. rewrite <- !lsum_minus, <- !lsum_plus, <- lsum_minus. apply lsum_ext. intros K _. unfold dh.
    rewrite <- !lsum_minus, <- !lsum_plus, <- lsum_minus. apply lsum_ext. intros F _. unfold remains. ring. }
  pose proof (left_over_bound n m op e generators r C closed assoc identity Hind Hok Fit 1 x y z Hx Hy) as C1.
  pose proof (left_over_bound n m op e generators r C closed assoc identity Hind Hok Fit (-1) x y (op x y) Hx Hy) as C2.
  fold columns in C1, C2.
  assert (Minus : lsum (fun K => lsum (fun F => -1 * left_over r C (op x y) K F * remains m r C x y K F) (members_in K)) columns =
    - lsum (fun K => lsum (fun F => 1 * left_over r C (op x y) K F * remains m r C x y K F) (members_in K)) columns).
  { match goal with |- _ = - ?v => replace (- v) with (-1 * v) by ring end. rewrite <- lsum_scale. apply lsum_ext. intros K _.
    rewrite <- lsum_scale. apply lsum_ext. intros F _. ring. }
  rewrite Minus in C2. cbv beta in C1, C2. change (Z.sqrt_up (lsum _ columns)) with (E y) in C1, C2.
  rewrite (Lengths y Hy), Own_x, Own_y in P. unfold below in P. rewrite tabulate_nth in P by exact Hxy.
  assert (Margin : logit N' x y (op x y) - logit N' x y z =
    lsum (fun K => lsum (fun F => (unembed N' (fst F) (op x y) - unembed N' (fst F) z) *
                                  relu (left N' x (fst F) + right N' y (fst F))) (members_in K)) columns +
    (nth (op x y) (row_bias r) 0 - nth z (row_bias r) 0)).
  { unfold columns. rewrite lsum_columns by (intros K HK; rewrite HK; reflexivity).
    unfold members_in. cbn [fst snd].
    rewrite <- (by_points n m op e generators (even_sets C) closed assoc identity Hind Hok (fun i =>
      (unembed N' i (op x y) - unembed N' i z) * relu (left N' x i + right N' y i))).
    unfold logit. change (width N') with m. change (bias N') with (fun z => nth z (row_bias r) 0).
    rewrite (sum_ext m (fun i => (unembed N' i (op x y) - unembed N' i z) * _)
      (fun i => unembed N' i (op x y) * relu (left N' x i + right N' y i) - unembed N' i z * relu (left N' x i + right N' y i)))
      by (intros; ring).
    rewrite sum_minus. ring. }
  rewrite Margin. rewrite lsum_minus in Rival. unfold bias_left in P, Most_x. lia.
Qed.
