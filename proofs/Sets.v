(** Neurons at points of G-sets: what they write when they read what a point says, and what readings that differ from that
    can take from a margin. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Group Norms Actions.
Import ListNotations.
Open Scope Z_scope.

(** ** What an explanation says.  Nothing of it is believed: see [gsets_ok]. *)
Record gset := GSet {
  size : nat;                                (* points *)
  moves : list (list nat);                   (* y, c: where y moves c *)
  members : list (list (nat * list Z))       (* c: the neurons there, each with what it is taken to read on the points *)
}.

Definition move_of (G : gset) : nat -> nat -> nat := point (moves G).
Definition members_of (G : gset) (c : nat) : list (nat * list Z) := nth c (members G) nil.
Definition gamma_of (E : nat * list Z) (c : nat) : Z := nth c (snd E) 0.

(** Every neuron stands at one point of one set. *)
Definition places_of_neuron (sets : list gset) (i : nat) : Z :=
  lsum (fun G => sum (size G) (fun c => lsum (fun E => if (fst E =? i)%nat then 1 else 0) (members_of G c))) sets.

Definition gsets_ok (n m : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat) (sets : list gset) : bool :=
  forallb (fun G => action_ok n op e generators (size G) (move_of G) &&
    all (size G) (fun c => forallb (fun E => (fst E <? m)%nat) (members_of G c))) sets &&
  all m (fun i => places_of_neuron sets i =? 1).

(** ** Largest values: the largest but at p. *)
Definition top_but (q p : nat) (f : nat -> Z) : Z := highest (map f (filter (fun c => negb (c =? p)%nat) (seq 0 q))).

Lemma top_but_spec q p f c : (c < q)%nat -> c <> p -> f c <= top_but q p f.
Proof.
  intros Hc Hne. apply highest_spec, in_map, filter_In. split; [apply in_seq; lia|].
  apply negb_true_iff, Nat.eqb_neq, Hne.
Qed.

(** Rows of what neurons write, in machine integers. *)
Definition machine_us (n : nat) (u : nat -> nat -> Z) (mem : list (nat * list Z)) : list (list int) :=
  tabulate n (fun z => map of_Z (map (fun E => u z (fst E)) mem)).
(** What neurons are taken to read, all of it. *)
Definition gammas_of (sets : list gset) : list Z :=
  flat_map (fun G => flat_map (fun mem => flat_map snd mem) (members G)) sets.

(** The largest that a neuron writes for some outputs, and the least with its sign changed; how far that ranges, and how far
    it is from [m]. *)
Definition high_over (r : rounded) (zs : list nat) (i : nat) : Z :=
  highest (map (fun z => zentry (rows_unembed r) z i) zs).
Definition low_over (r : rounded) (zs : list nat) (i : nat) : Z :=
  highest (map (fun z => - zentry (rows_unembed r) z i) zs).
Definition range_over (r : rounded) (zs : list nat) (i : nat) : Z := high_over r zs i + low_over r zs i.
Definition away_over (r : rounded) (zs : list nat) (m : Z) (i : nat) : Z := Z.max (high_over r zs i - m) (m + low_over r zs i).

Fixpoint insert_sorted (v : Z) (l : list Z) : list Z :=
  match l with nil => [v] | u :: l' => if v <=? u then v :: l else u :: insert_sorted v l' end.

(** The median over the points of the middles (any number would do). *)
Definition centre_over (r : rounded) (fibres : list (list nat)) (i : nat) : Z :=
  nth (Nat.div2 (length fibres))
    (fold_right insert_sorted nil (map (fun zs => (high_over r zs i - low_over r zs i) / 2) fibres)) 0.

(** The two largest. *)
Fixpoint two_largest (l : list Z) : Z * Z :=
  match l with
  | nil => (- 2 ^ 62, - 2 ^ 62)
  | v :: l' => let ab := two_largest l' in if fst ab <=? v then (v, fst ab) else (fst ab, Z.max (snd ab) v)
  end.

(** The ranges of a point's neurons over all outputs; over those that carry it to d; and how far they are there from a centre. *)
Definition point_widths (n : nat) (r : rounded) (G : gset) (c : nat) : list Z * (list (list Z) * list (list Z)) :=
  let fibres := tabulate (size G) (fun d => filter (fun z => (move_of G z c =? d)%nat) (seq 0 n)) in
  let centres := map (fun E => (fst E, centre_over r fibres (fst E))) (members_of G c) in
  (map (fun E => range_over r (seq 0 n) (fst E)) (members_of G c),
   (map (fun zs => map (fun E => range_over r zs (fst E)) (members_of G c)) fibres,
    map (fun zs => map (fun im => away_over r zs (snd im) (fst im)) centres) fibres)).
(** For one y: what the readings of the neurons at a point lose where a rival fixes it, and where it moves it. *)
Definition point_error (row : list Z) (G : gset) (W : list Z * (list (list Z) * list (list Z))) (y c : nat) : Z * Z :=
  let place := move_of G y c in
  let rho := map (fun E => Z.abs (nth (fst E) row 0 - gamma_of E place)) (members_of G c) in
  let two := two_largest (map (fun A => zdot A rho) (snd (snd W))) in
  (fold_right Z.max 0 (map (fun D => zdot D rho) (fst (snd W))), Z.min (zdot (fst W) rho) (fst two + snd two)).

(** ** What these are *)
Lemma largest_flat (A : Type) (f : A -> list Z) l a v : In a l -> In v (f a) -> In v (flat_map f l).
Proof. intros Ha Hv. apply in_flat_map. exists a. split; assumption. Qed.

Lemma zhiddens_map (A : Type) (f g : A -> Z) l : zhiddens (map f l) (map g l) = map (fun a => relu (f a + g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

(** A sum over neurons is a sum over the points where they stand. *)
Lemma sum_by_points m (F : nat -> Z) sets :
  (forall i, (i < m)%nat -> places_of_neuron sets i = 1) ->
  (forall G, In G sets -> forall c, (c < size G)%nat -> forall E, In E (members_of G c) -> (fst E < m)%nat) ->
  sum m F = lsum (fun G => sum (size G) (fun c => lsum (fun E => F (fst E)) (members_of G c))) sets.
Proof.
  intros Hone Hm.
  rewrite (sum_ext m F (fun i => places_of_neuron sets i * F i)) by (intros i Hi; rewrite Hone by exact Hi; ring).
  clear Hone. unfold places_of_neuron. induction sets as [|G sets IH]; simpl.
  - rewrite sum_const. lia.
  - rewrite <- IH by (intros; eapply Hm; eauto; right; assumption).
    rewrite (sum_ext m _ (fun i =>
      sum (size G) (fun c => lsum (fun E => (if (fst E =? i)%nat then 1 else 0) * F i) (members_of G c)) +
      lsum (fun G => sum (size G) (fun c => lsum (fun E => if (fst E =? i)%nat then 1 else 0) (members_of G c))) sets * F i)).
    + rewrite sum_plus. f_equal. rewrite sum_swap. apply sum_ext. intros c Hc. rewrite lsum_swap. apply lsum_ext.
      intros E HE. rewrite sum_pick; [ring|]. eapply Hm; eauto. left. reflexivity.
    + intros i _. rewrite Z.mul_add_distr_r. f_equal. rewrite Z.mul_comm, <- sum_scale. apply sum_ext. intros c _.
      rewrite <- lsum_scale. apply lsum_ext. intros. apply Z.mul_comm.
Qed.

Lemma nth_largest l i : Z.abs (nth i l 0) <= largest l.
Proof.
  destruct (nth_in_or_default i l 0) as [H|H]; [apply largest_spec; exact H|].
  rewrite H. pose proof (largest_nonneg l). lia.
Qed.

Lemma nth_rows_largest rows x i : Z.abs (nth i (nth x rows nil) 0) <= largest_of largest rows.
Proof.
  destruct (nth_in_or_default x rows nil) as [H|H].
  - eapply Z.le_trans; [apply nth_largest|]. apply largest_of_spec. exact H.
  - rewrite H. destruct i; simpl; pose proof (largest_of_nonneg largest rows); lia.
Qed.

Lemma nth_map_tabulate (A B : Type) (f : A -> B) n g d i :
  (i < n)%nat -> nth i (map f (tabulate n g)) d = f (g i).
Proof.
  intros Hi. unfold tabulate. rewrite map_map. apply (tabulate_nth _ n (fun i => f (g i)) d i Hi).
Qed.

Lemma combine_maps (A B C : Type) (f : A -> B) (g : A -> C) l : combine (map f l) (map g l) = map (fun a => (f a, g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma lsum_nonneg (A : Type) (f : A -> Z) l : (forall a, 0 <= f a) -> 0 <= lsum f l.
Proof. intros H. induction l as [|a l IH]; simpl; [lia|]. specialize (H a). lia. Qed.

Lemma two_largest_spec l : snd (two_largest l) <= fst (two_largest l) /\
  (forall i, (i < length l)%nat -> nth i l 0 <= fst (two_largest l)) /\
  (forall i j, (i < length l)%nat -> (j < length l)%nat -> i <> j ->
     nth i l 0 + nth j l 0 <= fst (two_largest l) + snd (two_largest l)).
Proof.
  induction l as [|v l [H1 [H2 H3]]]; [split; [apply Z.le_refl|split; intros; cbn [length] in *; lia]|].
  cbn [two_largest]. destruct (two_largest l) as [a b]. cbn [fst snd] in *.
  destruct (Z.leb_spec a v); cbn [fst snd]; split; try lia; split.
  1, 3: intros [|i] Hi; cbn [nth length] in *; [lia|]; specialize (H2 i ltac:(lia)); lia.
  all: intros [|i] [|j] Hi Hj Hne; cbn [nth length] in *; try lia.
  - specialize (H2 j ltac:(lia)). lia.
  - specialize (H2 i ltac:(lia)). lia.
  - specialize (H3 i j ltac:(lia) ltac:(lia) ltac:(lia)). lia.
  - specialize (H2 j ltac:(lia)). lia.
  - specialize (H2 i ltac:(lia)). lia.
  - specialize (H3 i j ltac:(lia) ltac:(lia) ltac:(lia)). lia.
Qed.

(** What the neurons at a point write for z when they read c', in machine integers: no sum leaves 63 bits. *)
Lemma dot_value row mem (u : nat -> nat -> Z) L R z c' :
  0 <= L -> 0 <= R -> L + R < 2 ^ 62 ->
  (forall i, Z.abs (nth i row 0) <= L) -> (forall E, In E mem -> Z.abs (gamma_of E c') <= R) ->
  total (map (fun E => u z (fst E)) mem) * (L + R) < 2 ^ 62 ->
  signed (dot 0 (map of_Z (map (fun E => u z (fst E)) mem))
    (hiddens (map of_Z (map (fun E => nth (fst E) row 0) mem)) (map of_Z (map (fun E => gamma_of E c') mem)))) =
  lsum (fun E => u z (fst E) * relu (nth (fst E) row 0 + gamma_of E c')) mem.
Proof.
  intros HL HR F1 Hrow Hgamma F2.
  set (us := map (fun E => u z (fst E)) mem) in *.
  set (ls := map (fun E => nth (fst E) row 0) mem).
  set (gs := map (fun E => gamma_of E c') mem).
  assert (Hls : forall a, In a ls -> Z.abs a <= L).
  { intros a Ha. apply in_map_iff in Ha. destruct Ha as [E [<- _]]. apply Hrow. }
  assert (Hgs : forall b, In b gs -> Z.abs b <= R).
  { intros b Hb. apply in_map_iff in Hb. destruct Hb as [E [<- HE]]. apply Hgamma, HE. }
  assert (Value : zdot us (zhiddens ls gs) = lsum (fun E => u z (fst E) * relu (nth (fst E) row 0 + gamma_of E c')) mem).
  { unfold ls, gs. rewrite zhiddens_map. unfold us. rewrite zdot_map. reflexivity. }
  rewrite <- Value. apply signed_spec.
  - change (zdot us (zhiddens ls gs)) with (0 + zdot us (zhiddens ls gs)). apply stands_dot; [|reflexivity].
    apply stands_hiddens with (L := L) (R := R); assumption.
  - assert (Hh : forall h, In h (zhiddens ls gs) -> Z.abs h <= L + R).
    { intros h Hh. unfold ls, gs in Hh. rewrite zhiddens_map in Hh. apply in_map_iff in Hh. destruct Hh as [E [<- HE]].
      specialize (Hrow (fst E)). specialize (Hgamma E HE). unfold relu. lia. }
    pose proof (zdot_bound (L + R) us (zhiddens ls gs) ltac:(lia) Hh) as Hb. lia.
Qed.

Lemma ranged r zs i z z' : In z zs -> In z' zs ->
  Z.abs (zentry (rows_unembed r) z i - zentry (rows_unembed r) z' i) <= range_over r zs i.
Proof.
  intros H1 H2. unfold range_over, high_over, low_over.
  pose proof (highest_spec _ _ (in_map (fun z => zentry (rows_unembed r) z i) _ _ H1)) as T1.
  pose proof (highest_spec _ _ (in_map (fun z => zentry (rows_unembed r) z i) _ _ H2)) as T2.
  pose proof (highest_spec _ _ (in_map (fun z => - zentry (rows_unembed r) z i) _ _ H1)) as T3.
  pose proof (highest_spec _ _ (in_map (fun z => - zentry (rows_unembed r) z i) _ _ H2)) as T4.
  cbv beta in T1, T2, T3, T4. lia.
Qed.

Lemma ranged_away r zs zs' i z z' m : In z zs -> In z' zs' ->
  Z.abs (zentry (rows_unembed r) z i - zentry (rows_unembed r) z' i) <= away_over r zs m i + away_over r zs' m i.
Proof.
  intros H1 H2.
  assert (A : forall v l, In v l -> Z.abs (zentry (rows_unembed r) v i - m) <= away_over r l m i).
  { intros v l Hv. unfold away_over, high_over, low_over.
    pose proof (highest_spec _ _ (in_map (fun z => zentry (rows_unembed r) z i) _ _ Hv)) as T1.
    pose proof (highest_spec _ _ (in_map (fun z => - zentry (rows_unembed r) z i) _ _ Hv)) as T2.
    cbv beta in T1, T2. lia. }
  pose proof (A z zs H1). pose proof (A z' zs' H2). lia.
Qed.

Section Points.
  Variables (n m : nat) (op : nat -> nat -> nat) (e : nat) (generators : list nat) (sets : list gset).
  Variable r : rounded.
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis induction : inductive n op generators e.
  Hypothesis ok : gsets_ok n m op e generators sets = true.
  Let N' := rounded_network m r.

  Lemma gset_facts G : In G sets ->
    action n op e (size G) (move_of G) /\
    (forall c, (c < size G)%nat -> forall E, In E (members_of G c) -> (fst E < m)%nat).
  Proof.
    intros HG. pose proof ok as H. unfold gsets_ok in H. rewrite andb_true_iff, forallb_forall in H. destruct H as [H _].
    specialize (H G HG). rewrite andb_true_iff, all_spec in H. destruct H as [H1 H2]. split.
    - apply (action_ok_sound n op e generators closed assoc identity induction). exact H1.
    - intros c Hc E HE. specialize (H2 c Hc). rewrite forallb_forall in H2. apply Nat.ltb_lt, H2, HE.
  Qed.

  Lemma one_place i : (i < m)%nat -> places_of_neuron sets i = 1.
  Proof.
    pose proof ok as H. unfold gsets_ok in H. rewrite andb_true_iff, all_spec in H. destruct H as [_ H].
    intros Hi. apply Z.eqb_eq, H, Hi.
  Qed.

  Lemma by_points F : sum m F = lsum (fun G => sum (size G) (fun c => lsum (fun E => F (fst E)) (members_of G c))) sets.
  Proof. apply sum_by_points; [exact one_place|]. intros G HG. apply (gset_facts G HG). Qed.

  Lemma gamma_bound G c E c' : In G sets -> In E (members_of G c) -> Z.abs (gamma_of E c') <= largest (gammas_of sets).
  Proof.
    intros HG HE. unfold gamma_of. destruct (nth_in_or_default c' (snd E) 0) as [H|H].
    - apply largest_spec. unfold gammas_of. apply (largest_flat _ _ _ G _ HG).
      unfold members_of in HE. destruct (nth_in_or_default c (members G) nil) as [Hm|Hm]; [|rewrite Hm in HE; contradiction].
      apply (largest_flat _ _ _ _ _ Hm). apply (largest_flat _ _ _ E _ HE). exact H.
    - rewrite H. pose proof (largest_nonneg (gammas_of sets)). lia.
  Qed.

  (** The outputs that carry c to d. *)
  Definition fibre (G : gset) (c d : nat) : list nat := filter (fun z => (move_of G z c =? d)%nat) (seq 0 n).

  (** What the readings lose at a point: at most what [point_error] says. *)
  Section PointError.
    Variables (G : gset) (y c : nat) (V : nat -> Z).
    Hypothesis Hc : (c < size G)%nat.
    Let lost := point_error (nth y (rows_right r) nil) G (point_widths n r G c) y c.
    Let rho := map (fun E => Z.abs (nth (fst E) (nth y (rows_right r) nil) 0 - gamma_of E (move_of G y c))) (members_of G c).
    Let centres := map (fun E => (fst E, centre_over r (tabulate (size G) (fibre G c)) (fst E))) (members_of G c).
    Let away zs := zdot (map (fun im => away_over r zs (snd im) (fst im)) centres) rho.
    Let two := two_largest (map away (tabulate (size G) (fibre G c))).

    Lemma point_error_is : lost =
      (fold_right Z.max 0 (map (fun zs => zdot (map (fun E => range_over r zs (fst E)) (members_of G c)) rho) (tabulate (size G) (fibre G c))),
       Z.min (zdot (map (fun E => range_over r (seq 0 n) (fst E)) (members_of G c)) rho) (fst two + snd two)).
    Proof.
      unfold lost, point_error, point_widths. cbv zeta. cbn [fst snd]. rewrite !map_map. reflexivity.
    Qed.

    Lemma lost_within D : (forall E, In E (members_of G c) -> V (fst E) <= D E) ->
      lsum (fun E => V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <=
      zdot (map D (members_of G c)) rho.
    Proof.
      intros HD. unfold rho. rewrite zdot_map. apply lsum_le. intros E HE. cbv beta.
      apply Z.mul_le_mono_nonneg_r; [apply Z.abs_nonneg|]. apply HD, HE.
    Qed.

    Lemma point_error_fixed d : (d < size G)%nat ->
      (forall E, In E (members_of G c) -> V (fst E) <= range_over r (fibre G c d) (fst E)) ->
      lsum (fun E => V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <= fst lost.
    Proof.
      intros Hd HV. eapply Z.le_trans; [apply (lost_within _ HV)|]. rewrite point_error_is. cbn [fst]. apply fold_max_spec.
      apply (in_map (fun zs => zdot (map (fun E => range_over r zs (fst E)) (members_of G c)) rho)).
      unfold tabulate. apply in_map, in_seq. lia.
    Qed.

    Lemma point_error_moved d d' : (d < size G)%nat -> (d' < size G)%nat -> d <> d' ->
      (forall E, In E (members_of G c) -> V (fst E) <= range_over r (seq 0 n) (fst E)) ->
      (forall E m, In E (members_of G c) -> V (fst E) <= away_over r (fibre G c d) m (fst E) + away_over r (fibre G c d') m (fst E)) ->
      lsum (fun E => V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <= snd lost.
    Proof.
      intros Hd Hd' Hne HV HA. rewrite point_error_is. cbn [snd]. apply Z.min_glb; [apply (lost_within _ HV)|].
      assert (Two : away (fibre G c d) + away (fibre G c d') <= fst two + snd two).
      { destruct (two_largest_spec (map away (tabulate (size G) (fibre G c)))) as [_ [_ T]]. fold two in T.
        assert (L : length (map away (tabulate (size G) (fibre G c))) = size G)
          by (unfold tabulate; rewrite !map_length, seq_length; reflexivity).
        specialize (T d d' ltac:(lia) ltac:(lia) Hne). rewrite !nth_map_tabulate in T by assumption. exact T. }
      eapply Z.le_trans; [|exact Two]. unfold away, centres. rewrite !map_map. cbn [fst snd].
      unfold rho. rewrite !zdot_map, <- lsum_plus. apply lsum_le. intros E HE. cbv beta.
      rewrite <- Z.mul_add_distr_r. apply Z.mul_le_mono_nonneg_r; [apply Z.abs_nonneg|]. apply HA, HE.
    Qed.
  End PointError.

  (** Where z and xy carry c apart, or alike: the most that u can differ there. *)
  Lemma write_apart G x y z c : In G sets -> (z < n)%nat -> (op x y < n)%nat -> (c < size G)%nat ->
    let V := fun i => Z.abs (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i) in
    (y < n)%nat ->
    let lost := point_error (nth y (rows_right r) nil) G (point_widths n r G c) y c in
    lsum (fun E => V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <=
    if (move_of G z c =? move_of G (op x y) c)%nat then fst lost else snd lost.
  Proof.
    intros HG Hz Hxy Hc V Hy lost. destruct (gset_facts G HG) as [[Gr _] _].
    destruct (Nat.eqb_spec (move_of G z c) (move_of G (op x y) c)) as [E|E].
    - apply (point_error_fixed G y c V Hc (move_of G z c)); [apply Gr; assumption|]. intros p _. apply ranged;
        apply filter_In; (split; [apply in_seq; lia|apply Nat.eqb_eq]); [symmetry; exact E|reflexivity].
    - apply (point_error_moved G y c V Hc (move_of G (op x y) c) (move_of G z c)); try (apply Gr; assumption).
      + congruence.
      + intros p _. apply ranged; apply in_seq; lia.
      + intros p m' _. apply ranged_away; apply filter_In; (split; [apply in_seq; lia|apply Nat.eqb_eq; reflexivity]).
  Qed.

End Points.

Lemma combine_map (A B : Type) (f : A -> B) l : combine l (map f l) = map (fun a => (a, f a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.
