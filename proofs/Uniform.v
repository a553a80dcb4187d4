(** Theorem uniform: the margins of all pairs from the distance of the weights to slots, one input at a time. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Group Norms Transport.
Import ListNotations.
Open Scope Z_scope.

(** ** Small tools *)
Definition all (n : nat) (P : nat -> bool) : bool := forallb P (seq 0 n).

Lemma all_spec n P : all n P = true <-> forall i, (i < n)%nat -> P i = true.
Proof.
  unfold all. rewrite forallb_forall. split; intros H i Hi; [apply H, in_seq; lia|]. apply in_seq in Hi. apply H. lia.
Qed.

Fixpoint most (n : nat) (f : nat -> Z) : Z := match n with O => 0 | S k => Z.max (most k f) (f k) end.

Lemma most_spec n f i : (i < n)%nat -> f i <= most n f.
Proof.
  induction n; intros Hi; [lia|]. simpl. destruct (Nat.eq_dec i n) as [->|]; [lia|].
  assert (f i <= most n f) by (apply IHn; lia). lia.
Qed.

Lemma most_nonneg n f : 0 <= most n f.
Proof. induction n; simpl; lia. Qed.

(** The largest, of any sign. *)
Definition highest (l : list Z) : Z := match l with nil => - 2 ^ 62 | v :: l' => fold_right Z.max v l' end.
Definition top (n : nat) (f : nat -> Z) : Z := highest (map f (seq 0 n)).

Lemma fold_max_spec d l v : In v l -> v <= fold_right Z.max d l.
Proof. induction l as [|u l IH]; simpl; [tauto|]. intros [->|H]; [lia|]. specialize (IH H). lia. Qed.

Lemma highest_spec l v : In v l -> v <= highest l.
Proof.
  destruct l as [|u l]; simpl; [tauto|]. intros [->|H]; [|apply fold_max_spec, H].
  induction l as [|u l IH]; simpl; lia.
Qed.

Lemma top_spec n f i : (i < n)%nat -> f i <= top n f.
Proof. intros Hi. apply highest_spec, in_map, in_seq. lia. Qed.

Definition tabulate {A : Type} (n : nat) (f : nat -> A) : list A := map f (seq 0 n).

Lemma tabulate_nth (A : Type) n (f : nat -> A) d i : (i < n)%nat -> nth i (tabulate n f) d = f i.
Proof.
  intros Hi. unfold tabulate. rewrite (nth_indep _ d (f O)) by (rewrite map_length, seq_length; exact Hi).
  rewrite map_nth, seq_nth by exact Hi. reflexivity.
Qed.

Lemma zentry_tabulate p q f b c : (b < p)%nat -> (c < q)%nat ->
  zentry (tabulate p (fun b => tabulate q (f b))) b c = f b c.
Proof.
  intros Hb Hc. unfold zentry. rewrite (tabulate_nth _ p (fun b => tabulate q (f b))) by exact Hb.
  apply tabulate_nth. exact Hc.
Qed.

Definition point (rows : list (list nat)) (x b : nat) : nat := nth b (nth x rows nil) O.

(** ** What an explanation says of one block.  Nothing of it is believed: see [block_ok]. *)
Record block := Block {
  rows : nat;                          (* points of B *)
  columns : nat;                       (* points of C *)
  left_rows : list (list nat);         (* x, b: where x moves b *)
  right_rows : list (list nat);        (* y, c: where y moves c *)
  coupling_rows : list (list Z);       (* b, c *)
  slots : list (list (list Transport.entry));  (* b, c *)
  ideal_rows : list (list Z)           (* b, c: what a slot is taken to compute *)
}.

Definition left_of (B : block) : nat -> nat -> nat := point (left_rows B).
Definition right_of (B : block) : nat -> nat -> nat := point (right_rows B).
Definition coupling_of (B : block) : nat -> nat -> Z := zentry (coupling_rows B).
Definition slot_of (B : block) (b c : nat) : list Transport.entry := nth c (nth b (slots B) nil) nil.
Definition ideal_of (B : block) : nat -> nat -> Z := zentry (ideal_rows B).

Definition action_ok (n : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat) (p : nat)
    (act : nat -> nat -> nat) : bool :=
  all n (fun x => all p (fun b => (act x b <? p)%nat)) &&
  all p (fun b => (act e b =? b)%nat) &&
  forallb (fun g => all n (fun a => let ga := op g a in all p (fun b => (act ga b =? act g (act a b))%nat)))
    generators.

Definition block_ok (n m : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat) (B : block) : bool :=
  action_ok n op e generators (rows B) (left_of B) && action_ok n op e generators (columns B) (right_of B) &&
  forallb (fun g => all (rows B) (fun b => all (columns B) (fun c =>
    coupling_of B (left_of B g b) (right_of B g c) =? coupling_of B b c))) generators &&
  all (rows B) (fun b => all (columns B) (fun c =>
    forallb (fun E => (neuron E <? m)%nat) (slot_of B b c))).

(** The largest distance of a slot from the ideal one. *)
Definition spread_rows (B : block) : list (list Z) :=
  tabulate (rows B) (fun b => tabulate (columns B) (fun c =>
    most (rows B) (fun b' => most (columns B) (fun c' =>
      Z.abs (slot_table (slot_of B b' c') b c - ideal_of B b c))))).

(** ** The residual: what the blocks do not write, less a constant for each neuron. *)
Definition written (blocks : list block) (i z : nat) : Z :=
  lsum (fun B => sum2 (rows B) (columns B) (fun b c =>
    lsum (fun E => if (neuron E =? i)%nat then weight E * coupling_of B b (right_of B z c) else 0) (slot_of B b c)))
    blocks.

Definition vector_norm (m : nat) (f : nat -> Z) : Z := Z.sqrt_up (sum m (fun i => f i * f i)).

(** ** Groups of equal distances *)
Definition same_distances (a b : list Z) : bool := (length a =? length b)%nat && forallb (fun ab => fst ab =? snd ab) (combine a b).

Fixpoint insert (l : Z) (d : list Z) (classes : list (Z * list Z)) : list (Z * list Z) :=
  match classes with
  | nil => [(l, d)]
  | (l', d') :: rest => if same_distances d d' then (Z.min l l', d') :: rest else (l', d') :: insert l d rest
  end.

Fixpoint passes (need : Z) (leasts cx cy : list Z) : bool :=
  match leasts, cx, cy with
  | l :: leasts', a :: cx', b :: cy' => (need <=? l - a - b) && passes need leasts' cx' cy'
  | nil, nil, nil => true
  | _, _, _ => false
  end.

(** ** The rule *)
Definition inverse_table (t : list (list int)) (e : nat) : list nat :=
  let n := length t in
  tabulate n (fun x =>
    match find (fun y => (table_product t x y =? e)%nat) (seq 0 n) with Some y => y | None => O end).

Definition inverses_ok (n : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat) : bool :=
  all n (fun x => (inv x <? n)%nat && (op (inv x) x =? e)%nat && (op x (inv x) =? e)%nat).

(** Every w but the identity: a lower bound of what the blocks write against it, and its distances. *)
Definition classes_of (n e : nat) (blocks : list block) : list (Z * list Z) :=
  let spreads := combine blocks (map spread_rows blocks) in
  fold_right (fun w acc =>
    if (w =? e)%nat then acc else
    insert (lsum (fun BS => least (rows (fst BS)) (columns (fst BS)) (right_of (fst BS)) (coupling_of (fst BS))
                              (ideal_of (fst BS)) (zentry (snd BS)) w) spreads)
           (map (fun B => distance (rows B) (columns B) (right_of B) (coupling_of B) w) blocks) acc) nil (seq 0 n).

Definition residual_rows (n m : nat) (r : rounded) (blocks : list block) (centre : list Z) (D : Z) : list (list Z) :=
  tabulate n (fun z => tabulate m (fun i => D * zentry (rows_unembed r) z i - written blocks i z - nth i centre 0)).

(** The largest norms of the parts of the residual above and below 0, added. *)
Definition residual_most (n m : nat) (residual : list (list Z)) : Z :=
  most n (fun z => vector_norm m (fun i => relu (zentry residual z i))) +
  most n (fun z => vector_norm m (fun i => relu (- zentry residual z i))).

(** What one side's input costs, for each class. *)
Definition costs (m : nat) (classes : list (Z * list Z)) (residual : Z) (errors : list Z) (reading : nat -> Z) : list Z :=
  let rest := residual * vector_norm m (fun i => relu (reading i)) in
  map (fun c => zdot (snd c) errors + rest) classes.

Definition left_costs (n m : nat) (inv : nat -> nat) (r : rounded) (blocks : list block)
    (classes : list (Z * list Z)) (residual : Z) : list (list Z) :=
  tabulate n (fun x => let row := nth x (rows_left r) nil in
    costs m classes residual
      (map (fun B => left_error inv (rows B) (columns B) (left_of B) (slot_of B) (fun i => nth i row 0) x) blocks)
      (fun i => nth i row 0)).

Definition right_costs (n m : nat) (r : rounded) (blocks : list block)
    (classes : list (Z * list Z)) (residual : Z) : list (list Z) :=
  tabulate n (fun y => let row := nth y (rows_right r) nil in
    costs m classes residual
      (map (fun B => right_error (rows B) (columns B) (right_of B) (slot_of B) (fun i => nth i row 0) y) blocks)
      (fun i => nth i row 0)).

Definition bias_range (n : nat) (r : rounded) : Z :=
  top n (fun z => nth z (row_bias r) 0) + top n (fun z => - nth z (row_bias r) 0).

Definition count_passes (need : Z) (leasts : list Z) (cost_x cost_y : list (list Z)) : Z :=
  fold_right (fun cx acc =>
    fold_right (fun cy acc' => (if passes need leasts cx cy then 1 else 0) + acc') 0 cost_y + acc) 0 cost_x.

Definition count_uniform (a : Z) (n m e : nat) (inv : nat -> nat) (r : rounded) (blocks : list block)
    (centre : list Z) (D : Z) : Z :=
  let classes := classes_of n e blocks in
  let residual := residual_most n m (residual_rows n m r blocks centre D) in
  let need := D * (2 * slack a m (writes_most r) (reads_most r) + 1) + D * bias_range n r in
  count_passes need (map fst classes) (left_costs n m inv r blocks classes residual)
    (right_costs n m r blocks classes residual).

Definition uniform_rounded (a : Z) (m : nat) (r : rounded) (generators : list nat) (blocks : list block)
    (centre : list Z) (D : Z) : Z :=
  let t := row_table r in
  let n := length t in
  match find_identity t with
  | None => 0
  | Some e =>
    let inverses := inverse_table t e in
    if group t generators && (0 <? D) && inverses_ok n (table_product t) e (fun x => nth x inverses O) &&
       forallb (block_ok n m (table_product t) e generators) blocks
    then count_uniform a n m e (fun x => nth x inverses O) r blocks centre D
    else 0
  end.

(** ** Its soundness *)
Section Actions.
  Variables (n : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis e_in : (e < n)%nat.
  Hypothesis induction : inductive n op generators e.

  (** Lemma 4 (actions): permutations that agree with the products by generators are an action. *)
  Lemma action_ok_sound p act : action_ok n op e generators p act = true -> action n op e p act.
  Proof.
    unfold action_ok. rewrite !andb_true_iff, !all_spec, forallb_forall. intros [[Hr He] Hg].
    assert (range : forall x b, (x < n)%nat -> (b < p)%nat -> (act x b < p)%nat).
    { intros x b Hx Hb. specialize (Hr x Hx). rewrite all_spec in Hr. apply Nat.ltb_lt, Hr, Hb. }
    assert (unit : forall b, (b < p)%nat -> act e b = b) by (intros b Hb; apply Nat.eqb_eq, He, Hb).
    assert (step : forall g a b, In g generators -> (a < n)%nat -> (b < p)%nat -> act (op g a) b = act g (act a b)).
    { intros g a b HI Ha Hb. specialize (Hg g HI). rewrite all_spec in Hg. specialize (Hg a Ha).
      rewrite all_spec in Hg. apply Nat.eqb_eq, Hg, Hb. }
    split; [exact range|]. split; [exact unit|].
    intros x y b Hx. revert y b. pattern x. revert x Hx. apply induction.
    - intros y b Hy Hb. destruct (identity y Hy) as [-> _]. rewrite unit; auto.
    - intros g x HI Hgn Hx IH y b Hy Hb. rewrite assoc by assumption.
      rewrite (step g (op x y) b), (step g x (act y b)), IH by auto. reflexivity.
  Qed.

  Lemma invariant_sound p q left_act right_act (v : nat -> nat -> Z) :
    action n op e p left_act -> action n op e q right_act ->
    (forall g b c, In g generators -> (b < p)%nat -> (c < q)%nat -> v (left_act g b) (right_act g c) = v b c) ->
    forall x b c, (x < n)%nat -> (b < p)%nat -> (c < q)%nat -> v (left_act x b) (right_act x c) = v b c.
  Proof.
    intros [Lr [Le La]] [Rr [Re Ra]] Hv x b c Hx. revert b c. pattern x. revert x Hx. apply induction.
    - intros b c Hb Hc. rewrite Le, Re by assumption. reflexivity.
    - intros g x HI Hgn Hx IH b c Hb Hc. rewrite La, Ra by assumption. rewrite Hv by auto. apply IH; assumption.
  Qed.
End Actions.

Lemma same_distances_spec a b : same_distances a b = true -> a = b.
Proof.
  unfold same_distances. rewrite andb_true_iff, Nat.eqb_eq. revert b.
  induction a as [|u a IH]; intros [|v b] [H1 H2]; try discriminate; [reflexivity|].
  simpl in H1, H2. rewrite andb_true_iff, Z.eqb_eq in H2. destruct H2 as [-> H2]. f_equal. apply IH. split; [lia|exact H2].
Qed.

(** The classes hold a bound at least as bad as (l, d). *)
Definition covered (l : Z) (d : list Z) (classes : list (Z * list Z)) : Prop :=
  exists c, In c classes /\ fst c <= l /\ snd c = d.

Lemma insert_covers l d classes : covered l d (insert l d classes).
Proof.
  induction classes as [|[l' d'] rest IH]; simpl.
  - exists (l, d). simpl. repeat split; auto. lia.
  - destruct (same_distances d d') eqn:E.
    + apply same_distances_spec in E. subst d'. exists (Z.min l l', d). simpl. repeat split; auto. lia.
    + destruct IH as [c [H1 H2]]. exists c. split; [right; exact H1|exact H2].
Qed.

Lemma insert_keeps l d classes l0 d0 : covered l0 d0 classes -> covered l0 d0 (insert l d classes).
Proof.
  induction classes as [|[l' d'] rest IH]; intros [c [H1 [H2 H3]]]; simpl in *; [tauto|].
  destruct (same_distances d d') eqn:E.
  - destruct H1 as [<-|H1].
    + exists (Z.min l l', d'). simpl in *. repeat split; auto. lia.
    + exists c. simpl. auto.
  - destruct H1 as [<-|H1].
    + exists (l', d'). simpl. auto.
    + destruct IH as [c' [G1 G2]]; [exists c; auto|]. exists c'. split; [right; exact G1|exact G2].
Qed.

Lemma classes_cover (e : nat) (f : nat -> Z) (g : nat -> list Z) ws w :
  In w ws -> w <> e ->
  covered (f w) (g w) (fold_right (fun w acc => if (w =? e)%nat then acc else insert (f w) (g w) acc) nil ws).
Proof.
  induction ws as [|v ws IH]; intros Hin Hne; [contradiction|]. simpl.
  destruct Hin as [->|Hin].
  - destruct (Nat.eqb_spec w e); [contradiction|]. apply insert_covers.
  - specialize (IH Hin Hne). destruct (Nat.eqb_spec v e); [exact IH|]. apply insert_keeps. exact IH.
Qed.

Lemma passes_spec need (f g : Z * list Z -> Z) classes :
  passes need (map fst classes) (map f classes) (map g classes) = true ->
  forall c, In c classes -> need <= fst c - f c - g c.
Proof.
  induction classes as [|c0 classes IH]; intros H c Hc; [contradiction|].
  simpl in H. rewrite andb_true_iff, Z.leb_le in H. destruct H as [H1 H2].
  destruct Hc as [<-|Hc]; [exact H1|]. apply IH; assumption.
Qed.

Lemma lsum_combine (A B : Type) (f : A -> B) (F : A * B -> Z) l :
  lsum F (combine l (map f l)) = lsum (fun a => F (a, f a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma zdot_map (A : Type) (f g : A -> Z) l : zdot (map f l) (map g l) = lsum (fun a => f a * g a) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma vector_bound m (f g : nat -> Z) : sum m (fun i => f i * g i) <= vector_norm m f * vector_norm m g.
Proof.
  apply schwarz_bound. apply (schwarz_sum m (fun i => f i * g i) (fun i => f i * f i) (fun i => g i * g i)).
  intros. apply schwarz_one.
Qed.

(** A vector against the hidden vector, from above. *)
Lemma residual_bound m (d l r : nat -> Z) :
  sum m (fun i => d i * relu (l i + r i)) <=
  vector_norm m (fun i => relu (d i)) * (vector_norm m (fun i => relu (l i)) + vector_norm m (fun i => relu (r i))).
Proof.
  eapply Z.le_trans;
    [apply sum_le with (g := fun i => relu (d i) * relu (l i) + relu (d i) * relu (r i))|].
  - intros i _. cbv beta.
    assert (0 <= relu (l i + r i) <= relu (l i) + relu (r i)) by (unfold relu; lia).
    assert (0 <= relu (d i) /\ d i <= relu (d i)) by (unfold relu; lia).
    set (u := relu (l i + r i)) in *. set (v := relu (d i)) in *.
    assert (d i * u <= v * u) by (apply Z.mul_le_mono_nonneg_r; lia).
    assert (v * u <= v * (relu (l i) + relu (r i))) by (apply Z.mul_le_mono_nonneg_l; lia). lia.
  - rewrite sum_plus. pose proof (vector_bound m (fun i => relu (d i)) (fun i => relu (l i))).
    pose proof (vector_bound m (fun i => relu (d i)) (fun i => relu (r i))).
    rewrite Z.mul_add_distr_l. cbv beta in *. lia.
Qed.

Lemma vector_norm_nonneg m f : 0 <= vector_norm m f.
Proof. apply Z.sqrt_up_nonneg. Qed.

(** What the blocks write, summed over neurons or over slots. *)
Lemma written_sum m (h : nat -> Z) blocks z :
  (forall B, In B blocks -> forall b c, (b < rows B)%nat -> (c < columns B)%nat ->
     forall E, In E (slot_of B b c) -> (neuron E < m)%nat) ->
  sum m (fun i => written blocks i z * h i) =
  lsum (fun B => sum2 (rows B) (columns B) (fun b c =>
    lsum (fun E => weight E * coupling_of B b (right_of B z c) * h (neuron E)) (slot_of B b c))) blocks.
Proof.
  intros Hm. unfold written. induction blocks as [|B blocks IH]; simpl.
  - rewrite sum_const. lia.
  - rewrite <- IH by (intros; eapply Hm; eauto; right; assumption).
    rewrite (sum_ext m _ (fun i =>
      sum2 (rows B) (columns B) (fun b c =>
        lsum (fun E => (if (neuron E =? i)%nat then weight E * coupling_of B b (right_of B z c) else 0) * h i) (slot_of B b c)) +
      lsum (fun B => sum2 (rows B) (columns B) (fun b c =>
        lsum (fun E => if (neuron E =? i)%nat then weight E * coupling_of B b (right_of B z c) else 0) (slot_of B b c)))
        blocks * h i)).
    + rewrite sum_plus. f_equal. unfold sum2. rewrite sum_swap. apply sum_ext. intros b Hb.
      rewrite sum_swap. apply sum_ext. intros c Hc. rewrite lsum_swap. apply lsum_ext. intros E HE.
      apply sum_pick. eapply Hm; eauto. left. reflexivity.
    + intros i _. rewrite Z.mul_add_distr_r. f_equal. unfold sum2.
      rewrite Z.mul_comm, <- sum_scale. apply sum_ext. intros b _. rewrite <- sum_scale. apply sum_ext. intros c _.
      rewrite <- lsum_scale. apply lsum_ext. intros. apply Z.mul_comm.
Qed.

(** Every output z is x w y for one w, the identity only for the right answer. *)
Lemma middle_of n op e inv :
  (forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat) ->
  (forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z)) ->
  (forall x, (x < n)%nat -> op e x = x /\ op x e = x) ->
  (forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e) ->
  forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat ->
  exists w, (w < n)%nat /\ op (op x w) y = z /\ (z <> op x y -> w <> e).
Proof.
  intros closed assoc identity inverse x y z Hx Hy Hz.
  destruct (inverse x Hx) as [Hix [Hx1 Hx2]]. destruct (inverse y Hy) as [Hiy [Hy1 Hy2]].
  exists (op (op (inv x) z) (inv y)).
  assert (Hxw : op (op x (op (op (inv x) z) (inv y))) y = z).
  { rewrite <- (assoc x (op (inv x) z) (inv y)), <- (assoc x (inv x) z), Hx2 by auto.
    destruct (identity z Hz) as [E _]. rewrite E, (assoc z (inv y) y), Hy1 by auto. apply identity, Hz. }
  split; [auto|]. split; [exact Hxw|]. intros Hne E. apply Hne. rewrite <- Hxw, E.
  destruct (identity x Hx) as [_ E']. rewrite E'. reflexivity.
Qed.

Section UniformSound.
  Variables (n m : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat) (generators : list nat) (blocks : list block).
  Variables (r : rounded) (centre : list Z) (D : Z).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis e_in : (e < n)%nat.
  Hypothesis induction : inductive n op generators e.
  Hypothesis inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e.
  Hypothesis blocks_ok : forall B, In B blocks -> block_ok n m op e generators B = true.
  Hypothesis D_positive : 0 < D.
  Let N' := rounded_network m r.

  Definition residual_at (i z : nat) : Z := D * unembed N' i z - written blocks i z - nth i centre 0.
  Definition least_at (w : nat) : Z :=
    lsum (fun B => least (rows B) (columns B) (right_of B) (coupling_of B) (ideal_of B) (zentry (spread_rows B)) w) blocks.
  Definition distance_at (B : block) (w : nat) : Z := distance (rows B) (columns B) (right_of B) (coupling_of B) w.
  Definition left_at (x : nat) (B : block) : Z :=
    left_error inv (rows B) (columns B) (left_of B) (slot_of B) (left N' x) x.
  Definition right_at (y : nat) (B : block) : Z :=
    right_error (rows B) (columns B) (right_of B) (slot_of B) (right N' y) y.

  Lemma block_facts B : In B blocks ->
    action n op e (rows B) (left_of B) /\ action n op e (columns B) (right_of B) /\
    (forall x b c, (x < n)%nat -> (b < rows B)%nat -> (c < columns B)%nat ->
       coupling_of B (left_of B x b) (right_of B x c) = coupling_of B b c) /\
    (forall b c, (b < rows B)%nat -> (c < columns B)%nat -> forall E, In E (slot_of B b c) -> (neuron E < m)%nat).
  Proof.
    intros HB. pose proof (blocks_ok B HB) as H. unfold block_ok in H. rewrite !andb_true_iff in H.
    destruct H as [[[H1 H2] H3] H4].
    apply (action_ok_sound n op e generators closed assoc identity induction) in H1, H2.
    split; [exact H1|]. split; [exact H2|]. split.
    - apply (invariant_sound n op e generators induction); try assumption.
      intros g b c Hg Hb Hc. rewrite forallb_forall in H3. specialize (H3 g Hg). rewrite all_spec in H3.
      specialize (H3 b Hb). rewrite all_spec in H3. apply Z.eqb_eq, H3, Hc.
    - intros b c Hb Hc E HE. rewrite all_spec in H4. specialize (H4 b Hb). rewrite all_spec in H4. specialize (H4 c Hc).
      rewrite forallb_forall in H4. apply Nat.ltb_lt, H4, HE.
  Qed.

  Lemma spread_sound B b' c' b c :
    (b' < rows B)%nat -> (c' < columns B)%nat -> (b < rows B)%nat -> (c < columns B)%nat ->
    Z.abs (slot_table (slot_of B b' c') b c - ideal_of B b c) <= zentry (spread_rows B) b c.
  Proof.
    intros Hb' Hc' Hb Hc. unfold spread_rows.
    rewrite (zentry_tabulate (rows B) (columns B) (fun b c => most (rows B) (fun b' => most (columns B) (fun c' =>
      Z.abs (slot_table (slot_of B b' c') b c - ideal_of B b c))))) by assumption.
    eapply Z.le_trans; [|apply (most_spec (rows B) (fun b' => most (columns B) (fun c' =>
      Z.abs (slot_table (slot_of B b' c') b c - ideal_of B b c))) b' Hb')].
    apply (most_spec (columns B) (fun c' => Z.abs (slot_table (slot_of B b' c') b c - ideal_of B b c)) c' Hc').
  Qed.

  (** What the blocks write in favour of the right answer. *)
  Lemma blocks_margin x y w : (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
    let h := fun i => relu (left N' x i + right N' y i) in
    least_at w - lsum (fun B => distance_at B w * (left_at x B + right_at y B)) blocks <=
    sum m (fun i => written blocks i (op x y) * h i) - sum m (fun i => written blocks i (op (op x w) y) * h i).
  Proof.
    intros Hx Hy Hw h.
    rewrite !written_sum by (intros B HB; apply (block_facts B HB)).
    unfold least_at. rewrite <- !lsum_minus. apply lsum_le. intros B HB. cbv beta.
    destruct (block_facts B HB) as [H1 [H2 [H3 H4]]].
    rewrite <- sum2_minus.
    pose proof (block_margin n op e inv closed inverse (rows B) (columns B) (left_of B) (right_of B) (coupling_of B) H1 H2 H3
      (slot_of B) (ideal_of B) (zentry (spread_rows B)) (spread_sound B) (left N' x) (right N' y) x y w Hx Hy Hw assoc) as H.
    unfold distance_at, left_at, right_at. eapply Z.le_trans; [exact H|].
    apply Z.eq_le_incl, sum2_ext. intros b c _ _. rewrite <- lsum_minus. apply lsum_ext. intros E _. unfold h. ring.
  Qed.

  Variables (above under range : Z).
  Hypothesis above_bounds : forall z, (z < n)%nat -> vector_norm m (fun i => relu (residual_at i z)) <= above.
  Hypothesis under_bounds : forall z, (z < n)%nat -> vector_norm m (fun i => relu (- residual_at i z)) <= under.
  Hypothesis range_bounds : forall z z', (z < n)%nat -> (z' < n)%nat -> bias N' z' - bias N' z <= range.

  Theorem uniform_margin x y w : (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
    least_at w - lsum (fun B => distance_at B w * (left_at x B + right_at y B)) blocks -
    (above + under) * (vector_norm m (fun i => relu (left N' x i)) + vector_norm m (fun i => relu (right N' y i))) -
    D * range <= D * (logit N' x y (op x y) - logit N' x y (op (op x w) y)).
  Proof.
    intros Hx Hy Hw. pose proof (blocks_margin x y w Hx Hy Hw) as H. cbv zeta in H.
    set (c := op x y) in *. set (z := op (op x w) y) in *.
    assert (Hc : (c < n)%nat) by (apply closed; assumption).
    assert (Hz : (z < n)%nat) by (apply closed; auto).
    set (h := fun i => relu (left N' x i + right N' y i)) in *.
    assert (Split : forall z, D * sum m (fun i => unembed N' i z * h i) =
      sum m (fun i => written blocks i z * h i) + sum m (fun i => residual_at i z * h i) + sum m (fun i => nth i centre 0 * h i)).
    { intros z0. rewrite <- sum_scale, <- !sum_plus. apply sum_ext. intros i _. unfold residual_at. ring. }
    unfold logit. change (width N') with m. fold h.
    change (fun i : nat => unembed N' i c * relu (left N' x i + right N' y i)) with (fun i => unembed N' i c * h i).
    change (fun i : nat => unembed N' i z * relu (left N' x i + right N' y i)) with (fun i => unembed N' i z * h i).
    pose proof (Split c) as Sc. pose proof (Split z) as Sz.
    pose proof (range_bounds c z Hc Hz) as Hr.
    set (nl := vector_norm m (fun i => relu (left N' x i))) in *.
    set (nr := vector_norm m (fun i => relu (right N' y i))) in *.
    assert (R1 : sum m (fun i => residual_at i z * h i) <= vector_norm m (fun i => relu (residual_at i z)) * (nl + nr))
      by exact (residual_bound m (fun i => residual_at i z) (left N' x) (right N' y)).
    assert (R2 : sum m (fun i => - residual_at i c * h i) <= vector_norm m (fun i => relu (- residual_at i c)) * (nl + nr))
      by exact (residual_bound m (fun i => - residual_at i c) (left N' x) (right N' y)).
    assert (R3 : sum m (fun i => - residual_at i c * h i) = - sum m (fun i => residual_at i c * h i)).
    { rewrite (sum_ext m _ (fun i => (-1) * (residual_at i c * h i))) by (intros; ring). rewrite sum_scale. ring. }
    rewrite R3 in R2.
    pose proof (above_bounds z Hz) as B1. pose proof (under_bounds c Hc) as B2.
    assert (0 <= nl) by apply vector_norm_nonneg. assert (0 <= nr) by apply vector_norm_nonneg.
    set (va := vector_norm m (fun i => relu (residual_at i z))) in *.
    set (vu := vector_norm m (fun i => relu (- residual_at i c))) in *.
    assert (va * (nl + nr) <= above * (nl + nr)) by (apply Z.mul_le_mono_nonneg_r; lia).
    assert (vu * (nl + nr) <= under * (nl + nr)) by (apply Z.mul_le_mono_nonneg_r; lia).
    assert (D * (bias N' z - bias N' c) <= D * range) by (apply Z.mul_le_mono_nonneg_l; lia).
    rewrite Z.mul_sub_distr_l, !Z.mul_add_distr_l, Sc, Sz.
    lia.
  Qed.
End UniformSound.

(** Theorem uniform, for the rounded network. *)
Theorem uniform_rounded_sound N kl ku a r generators blocks centre D :
  rounds N kl ku a r ->
  uniform_rounded a (width N) r generators blocks centre D <= right_pairs N.
Proof.
  intros R. unfold uniform_rounded.
  set (t := row_table r). set (n := length t). set (op := table_product t). set (m := width N).
  destruct (find_identity t) as [e'|] eqn:He'; [|apply right_pairs_nonneg]. cbv zeta.
  set (inv := fun x => nth x (inverse_table t e') O).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:H end; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff, Z.ltb_lt, forallb_forall in H. destruct H as [[[G HD] Hinv] Hblocks].
  apply group_facts in G. fold n op in G. destruct G as [[closed [assoc _]] [e [He [e_in [identity Hind]]]]].
  rewrite He' in He. injection He as ->.
  assert (inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e).
  { unfold inverses_ok in Hinv. rewrite all_spec in Hinv. intros x Hx. specialize (Hinv x Hx).
    rewrite !andb_true_iff, Nat.ltb_lt, !Nat.eqb_eq in Hinv. destruct Hinv as [[H1 H2] H3].
    split; [exact H1|]. split; [exact H2|exact H3]. }
  clearbody inv. clear Hinv.
  unfold count_uniform. cbv zeta.
  set (classes := classes_of n e blocks). set (residual := residual_rows n m r blocks centre D).
  set (above := most n (fun z => vector_norm m (fun i => relu (zentry residual z i)))).
  set (under := most n (fun z => vector_norm m (fun i => relu (- zentry residual z i)))).
  change (residual_most n m residual) with (above + under).
  set (range := bias_range n r).
  set (needed := 2 * slack a m (writes_most r) (reads_most r) + 1).
  set (need := D * needed + D * range).
  set (cost_x := left_costs n m inv r blocks classes (above + under)).
  set (cost_y := right_costs n m r blocks classes (above + under)).
  unfold count_passes.
  assert (Hn : n = order N) by (apply (shape_table _ _ _ _ _ R)).
  assert (Hresidual : forall z i, (z < n)%nat -> (i < m)%nat ->
    zentry residual z i = residual_at m blocks r centre D i z).
  { intros z i Hz Hi. unfold residual, residual_rows.
    apply (zentry_tabulate n m (fun z i => D * zentry (rows_unembed r) z i - written blocks i z - nth i centre 0)); assumption. }
  assert (Hnorm : forall (s : Z -> Z) z, (z < n)%nat ->
    vector_norm m (fun i => relu (s (residual_at m blocks r centre D i z))) =
    vector_norm m (fun i => relu (s (zentry residual z i)))).
  { intros s z Hz. unfold vector_norm. f_equal. apply sum_ext. intros i Hi. rewrite Hresidual by assumption. reflexivity. }
  assert (Habove : forall z, (z < n)%nat -> vector_norm m (fun i => relu (residual_at m blocks r centre D i z)) <= above).
  { intros z Hz. rewrite (Hnorm (fun v => v)) by exact Hz. unfold above.
    apply (most_spec n (fun z => vector_norm m (fun i => relu (zentry residual z i))) z Hz). }
  assert (Hunder : forall z, (z < n)%nat -> vector_norm m (fun i => relu (- residual_at m blocks r centre D i z)) <= under).
  { intros z Hz. rewrite (Hnorm Z.opp) by exact Hz. unfold under.
    apply (most_spec n (fun z => vector_norm m (fun i => relu (- zentry residual z i))) z Hz). }
  assert (Hrange : forall z z', (z < n)%nat -> (z' < n)%nat ->
    bias (rounded_network m r) z' - bias (rounded_network m r) z <= range).
  { intros z z' Hz Hz'. simpl.
    pose proof (top_spec n (fun z => nth z (row_bias r) 0) z' Hz') as H1.
    pose proof (top_spec n (fun z => - nth z (row_bias r) 0) z Hz) as H2.
    cbv beta in H1, H2. unfold range, bias_range. lia. }
  pose proof (uniform_margin n m op e inv generators blocks r centre D closed assoc identity e_in Hind inverse Hblocks HD
    above under range Habove Hunder Hrange) as Hmargin.
  unfold right_pairs. rewrite <- Hn.
  rewrite (fold_right_sum _ cost_x nil
    (fun cx => fold_right (fun cy acc' => (if passes need (map fst classes) cx cy then 1 else 0) + acc') 0 cost_y) n)
    by (unfold cost_x, left_costs, tabulate; rewrite map_length, seq_length; reflexivity).
  apply sum_le. intros x Hx. cbv beta.
  rewrite (fold_right_sum _ cost_y nil (fun cy => if passes need (map fst classes) (nth x cost_x nil) cy then 1 else 0) n)
    by (unfold cost_y, right_costs, tabulate; rewrite map_length, seq_length; reflexivity).
  apply sum_le. intros y Hy. cbv beta.
  destruct (passes need (map fst classes) (nth x cost_x nil) (nth y cost_y nil)) eqn:P;
    [|destruct (right_answerb N x y); lia].
  assert (Hright : right_answer N x y); [|apply right_answerb_spec in Hright; rewrite Hright; lia].
  unfold cost_x, cost_y, left_costs, right_costs in P. rewrite !tabulate_nth in P by assumption.
  unfold costs in P. cbv zeta in P.
  set (ex := map _ blocks) in P. set (ey := map _ blocks) in P.
  pose proof (passes_spec need
    (fun c => zdot (snd c) ex + (above + under) * vector_norm m (fun i => relu (nth i (nth x (rows_left r) nil) 0)))
    (fun c => zdot (snd c) ey + (above + under) * vector_norm m (fun i => relu (nth i (nth y (rows_right r) nil) 0)))
    classes P) as Hpass.
  apply (margin_right N kl ku a r x y R); [lia|lia|].
  unfold margin_above. fold t op n. cbv zeta.
  change (table_product t x y) with (op x y). fold m needed.
  split; [apply closed; assumption|].
  intros z Hz Hne.
  destruct (middle_of n op e inv closed assoc identity inverse x y z Hx Hy Hz) as [w [Hw [Hxw Hwe]]].
  specialize (Hwe Hne).
  specialize (Hmargin x y w Hx Hy Hw). rewrite Hxw in Hmargin.
  assert (Hcover : covered (least_at blocks w) (map (fun B => distance_at B w) blocks) classes).
  { pose proof (classes_cover e
      (fun w => lsum (fun BS => least (rows (fst BS)) (columns (fst BS)) (right_of (fst BS)) (coupling_of (fst BS))
                                    (ideal_of (fst BS)) (zentry (snd BS)) w) (combine blocks (map spread_rows blocks)))
      (fun w => map (fun B => distance (rows B) (columns B) (right_of B) (coupling_of B) w) blocks)
      (seq 0 n) w ltac:(apply in_seq; lia) Hwe) as Hc.
    cbv beta in Hc. rewrite lsum_combine in Hc. exact Hc. }
  destruct Hcover as [c [Hc1 [Hc2 Hc3]]].
  specialize (Hpass c Hc1). cbv beta in Hpass. rewrite Hc3 in Hpass.
  assert (Eex : ex = map (left_at m inv r x) blocks) by reflexivity.
  assert (Eey : ey = map (right_at m r y) blocks) by reflexivity.
  rewrite Eex, Eey, !zdot_map in Hpass.
  rewrite (lsum_ext _ (fun B => distance_at B w * (left_at m inv r x B + right_at m r y B))
    (fun B => distance_at B w * left_at m inv r x B + distance_at B w * right_at m r y B)) in Hmargin
    by (intros; ring).
  rewrite lsum_plus in Hmargin.
  change (vector_norm m (fun i => relu (nth i (nth x (rows_left r) nil) 0)))
    with (vector_norm m (fun i => relu (left (rounded_network m r) x i))) in Hpass.
  change (vector_norm m (fun i => relu (nth i (nth y (rows_right r) nil) 0)))
    with (vector_norm m (fun i => relu (right (rounded_network m r) y i))) in Hpass.
  set (LX := vector_norm m (fun i => relu (left (rounded_network m r) x i))) in *.
  set (RY := vector_norm m (fun i => relu (right (rounded_network m r) y i))) in *.
  set (margin := logit (rounded_network m r) x y (op x y) - logit (rounded_network m r) x y z) in *.
  assert (D * needed <= D * margin) by (unfold need in Hpass; lia).
  apply (Z.mul_le_mono_pos_l _ _ D HD). assumption.
Qed.
