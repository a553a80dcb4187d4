(** Theorem 4 (gaps): right readings are nearly constant on cosets; what a rival loses is counted by the points that
    it moves.  This is the case in which unembed is taken as it is. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Group Norms Actions.
Import ListNotations.
Open Scope Z_scope.

(** ** What an explanation says.  Nothing of it is believed: see [gsets_ok]. *)
Record gset := GSet {
  size : nat;                                (* points *)
  moves : list (list nat);                   (* y, c: where y moves c *)
  members : list (list (nat * list Z));      (* c: the neurons there, each with what it is taken to read on the points *)
  potentials : list (list Z)                 (* c, c': what all outputs are lowered by where c comes to c' *)
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

(** ** Lemma 10: at least the sum of the k smallest.  [k t - Σ (t - g)⁺] is below the sum of any k of them for every
    [t], and equal to the sum of the k smallest when [t] is the k-th smallest: so sorting need not be proved. *)
Fixpoint insert_sorted (v : Z) (l : list Z) : list Z :=
  match l with nil => [v] | u :: l' => if v <=? u then v :: l else u :: insert_sorted v l' end.

Definition smallest (k : Z) (gaps : list Z) : Z :=
  if k <=? 0 then 0 else
  let t := nth (Z.to_nat (k - 1)) (fold_right insert_sorted nil gaps) 0 in
  k * t - lsum (fun g => relu (t - g)) gaps.

Lemma smallest_sound q (g : nat -> Z) (P : nat -> bool) :
  smallest (sum q (fun c => if P c then 1 else 0)) (tabulate q g) <= sum q (fun c => if P c then g c else 0).
Proof.
  unfold smallest. set (k := sum q (fun c => if P c then 1 else 0)).
  assert (Hk : 0 <= k) by (apply sum_nonneg; intros; destruct (P i); lia).
  destruct (Z.leb_spec k 0) as [H0|H0].
  - assert (Hz : forall i, (i < q)%nat -> P i = false).
    { intros i Hi. destruct (P i) eqn:E; [|reflexivity]. exfalso.
      assert (Hle : sum q (fun c => if (i =? c)%nat then 1 else 0) <= k).
      { apply sum_le. intros c Hc. destruct (Nat.eqb_spec i c) as [->|]; [rewrite E; lia|destruct (P c); lia]. }
      pose proof (sum_pick q i 1 (fun _ => 1) Hi) as Hp.
      rewrite (sum_ext q _ (fun c => if (i =? c)%nat then 1 else 0)) in Hp by (intros; destruct (i =? i0)%nat; lia). lia. }
    rewrite (sum_ext q _ (fun _ => 0)); [rewrite sum_const; lia|]. intros i Hi. rewrite (Hz i Hi). reflexivity.
  - set (t := nth _ _ 0).
    assert (E : lsum (fun v => relu (t - v)) (tabulate q g) = sum q (fun c => relu (t - g c))).
    { unfold tabulate. clear. rewrite sum_list. induction (seq 0 q); simpl; [reflexivity|]. rewrite IHl. reflexivity. }
    rewrite E. replace (k * t) with (sum q (fun c => t * (if P c then 1 else 0))) by (rewrite sum_scale; fold k; ring).
    rewrite <- sum_minus. apply sum_le. intros c _. destruct (P c); unfold relu; lia.
Qed.

(** ** The tables, in machine integers *)
Definition machine_us (n : nat) (u : nat -> nat -> Z) (mem : list (nat * list Z)) : list (list int) :=
  tabulate n (fun z => map of_Z (map (fun E => u z (fst E)) mem)).
(** c': the readings there, and the potential. *)
Definition machine_gammas (q : nat) (mem : list (nat * list Z)) (potential : list Z) : list (list int * Z) :=
  tabulate q (fun c => (map of_Z (map (fun E => gamma_of E c) mem), nth c potential 0)).

Definition prepared : Type := list (nat * list Z) * (list (list int) * list (list int * Z)).
Definition prepare_point (r : rounded) (n q : nat) (mem : list (nat * list Z)) (potential : list Z) : prepared :=
  (mem, (machine_us n (zentry (rows_unembed r)) mem, machine_gammas q mem potential)).
Definition prepare_set (r : rounded) (n : nat) (G : gset) : list prepared :=
  tabulate (size G) (fun c => prepare_point r n (size G) (members_of G c) (nth c (potentials G) nil)).

(** z, c' ↦ what the neurons at one point write for z when they read c', less the potential. *)
Definition point_table (row : list Z) (P : prepared) : list (list Z) :=
  let l := map of_Z (map (fun E => nth (fst E) row 0) (fst P)) in
  let hids := map (fun gp => (hiddens l (fst gp), snd gp)) (snd (snd P)) in
  map (fun u => map (fun hp => signed (dot 0%uint63 u (fst hp)) - snd hp) hids) (fst (snd P)).

(** What neurons are taken to read, all of it. *)
Definition gammas_of (sets : list gset) : list Z :=
  flat_map (fun G => flat_map (fun mem => flat_map snd mem) (members G)) sets.

(** No sum leaves 63 bits. *)
Definition gaps_fit (r : rounded) (sets : list gset) : bool :=
  let most := largest_of largest (rows_left r) + largest (gammas_of sets) in
  (most <? 2 ^ 62) && (writes_most r * most <? 2 ^ 62).

(** ** The rule *)

(** What the points of a set give an output at their places, by their rows, and by how much less elsewhere. *)
Definition own_and_gaps (q : nat) (row_at : nat -> list Z) (place : nat -> nat) : Z * list Z :=
  let at_point c := let row := row_at c in
    let own := nth (place c) row 0 in (own, own - top_but q (place c) (fun c' => nth c' row 0)) in
  let found := tabulate q at_point in
  (fold_right (fun f acc => fst f + acc) 0 found, map snd found).

(** The kinds of rivals: how many points of each set w moves. *)
Definition kind_of (sets : list gset) (w : nat) : list Z :=
  map (fun G => sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0)) sets.

Definition kinds_of (n e : nat) (sets : list gset) : list (list Z) :=
  fold_right (fun w acc =>
    if (w =? e)%nat then acc else
    let k := kind_of sets w in if existsb (same_distances k) acc then acc else k :: acc) nil (seq 0 n).

Fixpoint allowance (kind : list Z) (gaps : list (list Z)) : Z :=
  match kind, gaps with k :: kind', g :: gaps' => smallest k g + allowance kind' gaps' | _, _ => 0 end.

(** For one x: what each output is worth where it is right, and the most that a rival of each kind can be. *)
Definition row_of (n : nat) (op : nat -> nat -> nat) (inv : nat -> nat) (r : rounded) (sets : list gset)
    (prepared_sets : list (list prepared)) (kinds : list (list Z)) (x : nat) : list Z * list Z :=
  let row := nth x (rows_left r) nil in
  let tables := map (map (point_table row)) prepared_sets in
  let ix := inv x in
  let outputs := tabulate n (fun z =>
    let v := op ix z in
    let found := map (fun GT => own_and_gaps (size (fst GT)) (fun c => nth z (nth c (snd GT) nil) nil) (move_of (fst GT) v)) (combine sets tables) in
    (nth z (row_bias r) 0 + fold_right (fun f acc => fst f + acc) 0 found, map snd found)) in
  (map fst outputs,
   map (fun kind => highest (map (fun out => fst out - allowance kind (snd out)) outputs)) kinds).

(** The largest that a neuron writes for some outputs, and the least with its sign changed; how far that ranges, and how far
    it is from [m]. *)
Definition high_over (r : rounded) (zs : list nat) (i : nat) : Z :=
  highest (map (fun z => zentry (rows_unembed r) z i) zs).
Definition low_over (r : rounded) (zs : list nat) (i : nat) : Z :=
  highest (map (fun z => - zentry (rows_unembed r) z i) zs).
Definition range_over (r : rounded) (zs : list nat) (i : nat) : Z := high_over r zs i + low_over r zs i.
Definition away_over (r : rounded) (zs : list nat) (m : Z) (i : nat) : Z := Z.max (high_over r zs i - m) (m + low_over r zs i).

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
Definition widths (n : nat) (r : rounded) (G : gset) : list (list Z * (list (list Z) * list (list Z))) :=
  tabulate (size G) (point_widths n r G).

(** For one y: what the readings of the neurons at a point lose where a rival fixes it, and where it moves it. *)
Definition point_error (row : list Z) (G : gset) (W : list Z * (list (list Z) * list (list Z))) (y c : nat) : Z * Z :=
  let place := move_of G y c in
  let rho := map (fun E => Z.abs (nth (fst E) row 0 - gamma_of E place)) (members_of G c) in
  let two := two_largest (map (fun A => zdot A rho) (snd (snd W))) in
  (fold_right Z.max 0 (map (fun D => zdot D rho) (fst (snd W))), Z.min (zdot (fst W) rho) (fst two + snd two)).

(** What those of a set lose where a rival fixes all its points, and by how much less they lose there than at a point that
    it moves. *)
Definition set_error (row : list Z) (G : gset) (W : list (list Z * (list (list Z) * list (list Z)))) (y : nat) : Z * list Z :=
  let at_point c :=
    let lost := point_error row G (nth c W (nil, (nil, nil))) y c in (fst lost, fst lost - snd lost) in
  let found := tabulate (size G) at_point in
  (fold_right (fun f acc => fst f + acc) 0 found, map snd found).

(** For one y, kind by kind. *)
Definition reading_errors (r : rounded) (sets : list gset) (ws : list (list (list Z * (list (list Z) * list (list Z))))) (kinds : list (list Z))
    (y : nat) : list Z :=
  let row := nth y (rows_right r) nil in
  let found := map (fun GW => set_error row (fst GW) (snd GW) y) (combine sets ws) in
  let fixed := fold_right (fun f acc => fst f + acc) 0 found in
  let gains := map snd found in
  map (fun kind => fixed - allowance kind gains) kinds.

Definition count_gaps (a : Z) (n m e : nat) (inv : nat -> nat) (r : rounded) (sets : list gset) : Z :=
  let op := table_product (row_table r) in
  let need := 2 * slack a m (writes_most r) (reads_most r) + 1 in
  let prepared_sets := map (prepare_set r n) sets in
  let kinds := kinds_of n e sets in
  let errors := tabulate n (reading_errors r sets (map (widths n r) sets) kinds) in
  if gaps_fit r sets then
    sum n (fun x =>
      let row := row_of n op inv r sets prepared_sets kinds x in
      sum n (fun y =>
        let own := nth (op x y) (fst row) 0 - need in
        if forallb (fun re => fst re + snd re <=? own) (combine (snd row) (nth y errors nil)) then 1 else 0))
  else 0.

Definition gaps_rounded (a : Z) (m : nat) (r : rounded) (generators : list nat) (sets : list gset) : Z :=
  let t := row_table r in
  let n := length t in
  match find_identity t with
  | None => 0
  | Some e =>
    let inverses := inverse_table t e in
    if group t generators && inverses_ok n (table_product t) e (fun x => nth x inverses O) &&
       gsets_ok n m (table_product t) e generators sets
    then count_gaps a n m e (fun x => nth x inverses O) r sets
    else 0
  end.

(** ** Its soundness *)
Lemma largest_flat (A : Type) (f : A -> list Z) l a v : In a l -> In v (f a) -> In v (flat_map f l).
Proof. intros Ha Hv. apply in_flat_map. exists a. split; assumption. Qed.

Lemma zhiddens_map (A : Type) (f g : A -> Z) l : zhiddens (map f l) (map g l) = map (fun a => relu (f a + g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma total_map_le (A : Type) (f : A -> Z) l : total (map f l) = lsum (fun a => Z.abs (f a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma kinds_cover n e sets w : (w < n)%nat -> w <> e -> In (kind_of sets w) (kinds_of n e sets).
Proof.
  intros Hw Hne. unfold kinds_of. assert (H : In w (seq 0 n)) by (apply in_seq; lia). revert H.
  induction (seq 0 n) as [|v l IH]; [contradiction|]. simpl. intros [->|H].
  - destruct (Nat.eqb_spec w e); [contradiction|]. destruct (existsb _ _) eqn:E; [|left; reflexivity].
    apply existsb_exists in E. destruct E as [k [Hk E]]. apply same_distances_spec in E. rewrite E. exact Hk.
  - specialize (IH H). destruct (v =? e)%nat; [exact IH|]. destruct (existsb _ _); [exact IH|right; exact IH].
Qed.

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

Lemma fold_tabulate (A : Type) n (h : nat -> A) (f : A -> Z) :
  fold_right (fun a acc => f a + acc) 0 (tabulate n h) = sum n (fun i => f (h i)).
Proof.
  unfold tabulate. rewrite sum_list. induction (seq 0 n); simpl; [reflexivity|]. rewrite IHl. reflexivity.
Qed.

Lemma fold_map_lsum (A B : Type) (h : A -> B) (f : B -> Z) l :
  fold_right (fun b acc => f b + acc) 0 (map h l) = lsum (fun a => f (h a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma allowance_map (A : Type) (k : A -> Z) (g : A -> list Z) l :
  allowance (map k l) (map g l) = lsum (fun a => smallest (k a) (g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma own_and_gaps_spec q row_at place (A : nat -> nat -> Z) :
  (forall c c', (c < q)%nat -> (c' < q)%nat -> nth c' (row_at c) 0 = A c c') ->
  (forall c, (c < q)%nat -> (place c < q)%nat) ->
  fst (own_and_gaps q row_at place) = sum q (fun c => A c (place c)) /\
  exists g, snd (own_and_gaps q row_at place) = tabulate q g /\
    forall c c', (c < q)%nat -> (c' < q)%nat -> c' <> place c -> A c c' <= A c (place c) - g c.
Proof.
  intros HA Hp. unfold own_and_gaps. cbv zeta. simpl fst. simpl snd. split.
  - rewrite (fold_tabulate _ q _ fst). apply sum_ext. intros c Hc. simpl fst. apply HA; auto.
  - unfold tabulate. rewrite map_map. simpl snd.
    eexists. split; [reflexivity|]. intros c c' Hc Hc' Hne. cbv beta.
    rewrite (HA c (place c)) by auto.
    pose proof (top_but_spec q (place c) (fun c' => nth c' (row_at c) 0) c' Hc' Hne) as H.
    cbv beta in H. rewrite (HA c c') in H by auto. lia.
Qed.

Lemma combine_maps (A B C : Type) (f : A -> B) (g : A -> C) l : combine (map f l) (map g l) = map (fun a => (f a, g a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma lsum_nonneg (A : Type) (f : A -> Z) l : (forall a, 0 <= f a) -> 0 <= lsum f l.
Proof. intros H. induction l as [|a l IH]; simpl; [lia|]. specialize (H a). lia. Qed.

Lemma lsum_member (A : Type) (f : A -> Z) l a : (forall b, 0 <= f b) -> In a l -> f a <= lsum f l.
Proof.
  intros Hf. induction l as [|b l IH]; simpl; [tauto|]. intros [->|Ha].
  - pose proof (lsum_nonneg A f l Hf). lia.
  - specialize (IH Ha). specialize (Hf b). lia.
Qed.

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

(** What [point_table] computes. *)
Lemma point_value row mem potential n q (u : nat -> nat -> Z) L R z c' :
  0 <= L -> 0 <= R -> L + R < 2 ^ 62 ->
  (forall i, Z.abs (nth i row 0) <= L) -> (forall E, In E mem -> Z.abs (gamma_of E c') <= R) ->
  total (map (fun E => u z (fst E)) mem) * (L + R) < 2 ^ 62 -> (z < n)%nat -> (c' < q)%nat ->
  nth c' (nth z (point_table row (mem, (machine_us n u mem, machine_gammas q mem potential))) nil) 0 =
  lsum (fun E => u z (fst E) * relu (nth (fst E) row 0 + gamma_of E c')) mem - nth c' potential 0.
Proof.
  intros HL HR F1 Hrow Hgamma F2 Hz Hc'. unfold point_table. simpl fst. simpl snd. unfold machine_us, machine_gammas.
  rewrite nth_map_tabulate by exact Hz. rewrite map_map, nth_map_tabulate by exact Hc'. cbn [fst snd].
  rewrite <- (dot_value row mem u L R z c') by assumption. reflexivity.
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

Section GapsSound.
  Variables (n m : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat) (generators : list nat) (sets : list gset).
  Variable r : rounded.
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis induction : inductive n op generators e.
  Hypothesis inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e.
  Hypothesis ok : gsets_ok n m op e generators sets = true.
  Hypothesis shape_u : zshaped n m (rows_unembed r).
  Hypothesis fit : gaps_fit r sets = true.
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

  (** What the neurons at c write for z when they read c', less the potential. *)
  Definition table_at (G : gset) (x c z c' : nat) : Z :=
    lsum (fun E => unembed N' (fst E) z * relu (left N' x (fst E) + gamma_of E c')) (members_of G c) -
    zentry (potentials G) c c'.

  Lemma members_total G c z : In G sets -> (c < size G)%nat -> (z < n)%nat ->
    lsum (fun E => Z.abs (unembed N' (fst E) z)) (members_of G c) <= writes_most r.
  Proof.
    intros HG Hc Hz. eapply Z.le_trans; [|apply (writes_bound n m r shape_u z Hz)].
    fold N'. rewrite (by_points (fun i => Z.abs (unembed N' i z))).
    assert (Hl : forall l, 0 <= lsum (fun E : nat * list Z => Z.abs (unembed N' (fst E) z)) l)
      by (intros l; apply lsum_nonneg; intros; apply Z.abs_nonneg).
    set (g := fun G => sum (size G) (fun c => lsum (fun E => Z.abs (unembed N' (fst E) z)) (members_of G c))).
    eapply Z.le_trans; [|apply (lsum_member _ g sets G)]; try assumption.
    - unfold g.
      pose proof (sum_pick (size G) c 1 (fun c => lsum (fun E => Z.abs (unembed N' (fst E) z)) (members_of G c)) Hc) as Hp.
      rewrite Z.mul_1_l in Hp. rewrite <- Hp. apply sum_le. intros i _. specialize (Hl (members_of G i)).
      destruct (c =? i)%nat; lia.
    - intros b. unfold g. apply sum_nonneg. intros. apply Hl.
  Qed.

  Lemma gamma_bound G c E c' : In G sets -> In E (members_of G c) -> Z.abs (gamma_of E c') <= largest (gammas_of sets).
  Proof.
    intros HG HE. unfold gamma_of. destruct (nth_in_or_default c' (snd E) 0) as [H|H].
    - apply largest_spec. unfold gammas_of. apply (largest_flat _ _ _ G _ HG).
      unfold members_of in HE. destruct (nth_in_or_default c (members G) nil) as [Hm|Hm]; [|rewrite Hm in HE; contradiction].
      apply (largest_flat _ _ _ _ _ Hm). apply (largest_flat _ _ _ E _ HE). exact H.
    - rewrite H. pose proof (largest_nonneg (gammas_of sets)). lia.
  Qed.

  Lemma point_table_entry G x c z c' : In G sets -> (c < size G)%nat -> (z < n)%nat -> (c' < size G)%nat ->
    nth c' (nth z (point_table (nth x (rows_left r) nil) (prepare_point r n (size G) (members_of G c) (nth c (potentials G) nil))) nil) 0 =
    table_at G x c z c'.
  Proof.
    intros HG Hc Hz Hc'.
    pose proof fit as F. unfold gaps_fit in F. rewrite andb_true_iff, !Z.ltb_lt in F. destruct F as [F1 F2].
    set (L := largest_of largest (rows_left r)) in *. set (R := largest (gammas_of sets)) in *.
    assert (HL : 0 <= L) by apply largest_of_nonneg. assert (HR : 0 <= R) by apply largest_nonneg.
    apply (point_value _ _ _ n (size G) (zentry (rows_unembed r)) L R z c'); try assumption.
    - intros i. apply nth_rows_largest.
    - intros E HE. eapply gamma_bound; eassumption.
    - rewrite total_map_le. pose proof (members_total G c z HG Hc Hz) as Ht. cbn [unembed N' rounded_network] in Ht. nia.
  Qed.

  (** One set: the right answer c0 against z = x w y. *)
  Lemma set_margin G x y w z (V : nat -> Z) g :
    In G sets -> (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
    (forall E c, (c < size G)%nat -> In E (members_of G c) ->
       Z.abs (unembed N' (fst E) (op x y) - unembed N' (fst E) z) <= V (fst E)) ->
    (forall c c', (c < size G)%nat -> (c' < size G)%nat -> c' <> move_of G (op w y) c ->
       table_at G x c z c' <= table_at G x c z (move_of G (op w y) c) - g c) ->
    sum (size G) (fun c => table_at G x c (op x y) (move_of G y c)) -
    (sum (size G) (fun c => table_at G x c z (move_of G (op w y) c)) -
     smallest (sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0)) (tabulate (size G) g)) -
    sum (size G) (fun c => lsum (fun E =>
      V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c)) <=
    sum (size G) (fun c => lsum (fun E =>
      (unembed N' (fst E) (op x y) - unembed N' (fst E) z) * relu (left N' x (fst E) + right N' y (fst E))) (members_of G c)).
  Proof.
    intros HG Hx Hy Hw HV Hg. destruct (gset_facts G HG) as [Ha _].
    pose proof (action_bijection n op e inv inverse (size G) (move_of G) y Ha Hy) as Br.
    destruct Ha as [Hr [_ Hop]].
    set (P := fun c => negb (move_of G w (move_of G y c) =? move_of G y c)%nat).
    assert (Hk : sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0) =
                 sum (size G) (fun c => if P c then 1 else 0)).
    { symmetry. unfold P.
      apply (sum_bijection (size G) (move_of G y) _ (fun c => if negb (move_of G w c =? c)%nat then 1 else 0) Br). }
    rewrite Hk. pose proof (smallest_sound (size G) g P) as HS.
    set (S := smallest _ _) in *.
    assert (Step : forall c, (c < size G)%nat ->
      table_at G x c (op x y) (move_of G y c) -
      (table_at G x c z (move_of G (op w y) c) - (if P c then g c else 0)) -
      lsum (fun E => V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <=
      lsum (fun E =>
        (unembed N' (fst E) (op x y) - unembed N' (fst E) z) * relu (left N' x (fst E) + right N' y (fst E))) (members_of G c)).
    { intros c Hc.
      assert (Rival : table_at G x c z (move_of G y c) <=
                      table_at G x c z (move_of G (op w y) c) - (if P c then g c else 0)).
      { assert (Ew : move_of G (op w y) c = move_of G w (move_of G y c)) by (apply Hop; assumption).
        unfold P. destruct (Nat.eqb_spec (move_of G w (move_of G y c)) (move_of G y c)) as [E|E]; simpl.
        - rewrite Ew, E. lia.
        - apply Hg; auto. rewrite Ew. congruence. }
      assert (Linear : table_at G x c (op x y) (move_of G y c) - table_at G x c z (move_of G y c) -
        lsum (fun E => V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <=
        lsum (fun E => (unembed N' (fst E) (op x y) - unembed N' (fst E) z) *
                       relu (left N' x (fst E) + right N' y (fst E))) (members_of G c)).
      { unfold table_at. set (potential := zentry (potentials G) c (move_of G y c)).
        match goal with |- ?a - ?p - (?b - ?p) - ?v <= ?t => enough (a - b - v <= t) by lia end.
        rewrite <- !lsum_minus. apply lsum_le. intros E HE. cbv beta.
        pose proof (HV E c Hc HE) as Hv.
        pose proof (relu_lipschitz (left N' x (fst E) + gamma_of E (move_of G y c)) (left N' x (fst E) + right N' y (fst E))) as Hl.
        set (d := unembed N' (fst E) (op x y) - unembed N' (fst E) z) in *.
        set (h := relu (left N' x (fst E) + right N' y (fst E))) in *.
        set (h' := relu (left N' x (fst E) + gamma_of E (move_of G y c))) in *.
        set (rho := Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))).
        assert (Hd : Z.abs (h' - h) <= rho) by (unfold rho; lia).
        assert (Z.abs (d * (h' - h)) <= V (fst E) * rho)
          by (rewrite Z.abs_mul; apply Z.mul_le_mono_nonneg; lia).
        replace (unembed N' (fst E) (op x y) * h' - unembed N' (fst E) z * h') with (d * h + d * (h' - h))
          by (unfold d; ring).
        lia. }
      lia. }
    eapply Z.le_trans; [|apply sum_le; exact Step].
    rewrite !sum_minus. lia.
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

  (** What the readings of a set lose against z = x w y: at most what [set_error] says of a rival that moves so many points. *)
  Lemma set_error_sound G x y w z :
    In G sets -> (x < n)%nat -> (y < n)%nat -> (w < n)%nat -> z = op (op x w) y ->
    let V := fun i => Z.abs (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i) in
    let found := set_error (nth y (rows_right r) nil) G (widths n r G) y in
    sum (size G) (fun c => lsum (fun E =>
      V (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c)) <=
    fst found - smallest (sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0)) (snd found).
  Proof.
    intros HG Hx Hy Hw -> V found. destruct (gset_facts G HG) as [Ha _].
    pose proof (action_bijection n op e inv inverse (size G) (move_of G) y Ha Hy) as Br.
    pose proof (action_bijection n op e inv inverse (size G) (move_of G) x Ha Hx) as Bx.
    destruct Ha as [Gr [_ Gop]].
    set (P := fun c => negb (move_of G w (move_of G y c) =? move_of G y c)%nat).
    assert (Hk : sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0) =
                 sum (size G) (fun c => if P c then 1 else 0)).
    { symmetry. unfold P.
      apply (sum_bijection (size G) (move_of G y) _ (fun c => if negb (move_of G w c =? c)%nat then 1 else 0) Br). }
    rewrite Hk.
    set (lost := fun c => point_error (nth y (rows_right r) nil) G (point_widths n r G c) y c).
    assert (W : forall c, (c < size G)%nat ->
      point_error (nth y (rows_right r) nil) G (nth c (widths n r G) (nil, (nil, nil))) y c = lost c)
      by (intros c Hc; unfold widths; rewrite tabulate_nth by exact Hc; reflexivity).
    assert (F1 : fst found = sum (size G) (fun c => fst (lost c))).
    { unfold found, set_error. cbv zeta. cbn [fst]. rewrite (fold_tabulate _ _ _ fst). apply sum_ext. intros c Hc. cbn [fst].
      rewrite W by exact Hc. reflexivity. }
    assert (F2 : snd found = tabulate (size G) (fun c => fst (lost c) - snd (lost c))).
    { unfold found, set_error, tabulate. cbv zeta. cbn [snd]. rewrite map_map. apply map_ext_in. intros c Hc. apply in_seq in Hc.
      cbn [snd]. rewrite W by lia. reflexivity. }
    rewrite F1, F2. pose proof (smallest_sound (size G) (fun c => fst (lost c) - snd (lost c)) P) as S.
    eapply Z.le_trans; [|apply Z.sub_le_mono_l; exact S]. rewrite <- sum_minus. apply sum_le. intros c Hc. cbv beta.
    pose proof (write_apart G x y (op (op x w) y) c HG ltac:(auto) ltac:(auto) Hc Hy) as B. cbv zeta in B. fold (lost c) in B.
    rewrite (Gop (op x w) y c), (Gop x w _), (Gop x y c) in B by auto.
    eapply Z.le_trans; [exact B|]. unfold P.
    destruct (Bx _ (Gr y c Hy Hc)) as [_ [_ [_ B0]]]. destruct (Bx _ (Gr w _ Hw (Gr y c Hy Hc))) as [_ [_ [_ B1]]].
    destruct (Nat.eqb_spec (move_of G w (move_of G y c)) (move_of G y c)) as [E|E]; simpl negb; cbv iota.
    - rewrite E, Nat.eqb_refl. lia.
    - destruct (Nat.eqb_spec (move_of G x (move_of G w (move_of G y c))) (move_of G x (move_of G y c))) as [E'|_]; [|lia].
      exfalso. apply E. rewrite <- B1, E'. exact B0.
  Qed.
End GapsSound.

Lemma combine_map (A B : Type) (f : A -> B) l : combine l (map f l) = map (fun a => (a, f a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

(** What [row_of] computes, set by set. *)
Definition found_at (n : nat) (op : nat -> nat -> nat) (inv : nat -> nat) (r : rounded) (x z : nat) (G : gset) : Z * list Z :=
  let tables := map (point_table (nth x (rows_left r) nil)) (prepare_set r n G) in
  own_and_gaps (size G) (fun c => nth z (nth c tables nil) nil) (move_of G (op (inv x) z)).
Definition output_at (n : nat) (op : nat -> nat -> nat) (inv : nat -> nat) (r : rounded) (sets : list gset) (x z : nat) : Z * list (list Z) :=
  (nth z (row_bias r) 0 + lsum (fun G => fst (found_at n op inv r x z G)) sets,
   map (fun G => snd (found_at n op inv r x z G)) sets).

Lemma row_of_spec n op inv r sets kinds x :
  row_of n op inv r sets (map (prepare_set r n) sets) kinds x =
  (map fst (tabulate n (output_at n op inv r sets x)),
   map (fun kind => highest
     (map (fun out => fst out - allowance kind (snd out)) (tabulate n (output_at n op inv r sets x)))) kinds).
Proof.
  unfold row_of. cbv zeta. rewrite (map_map (prepare_set r n)), combine_map.
  match goal with |- (map fst ?t, _) = _ => assert (E : t = tabulate n (output_at n op inv r sets x)) end;
    [|rewrite E; reflexivity].
  unfold tabulate. apply map_ext. intros z. unfold output_at. rewrite map_map. simpl fst. simpl snd.
  rewrite fold_map_lsum, map_map. reflexivity.
Qed.

(** x⁻¹ z, where z = x w y. *)
Lemma quotient n op e (inv : nat -> nat) :
  (forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat) ->
  (forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z)) ->
  (forall x, (x < n)%nat -> op e x = x /\ op x e = x) ->
  (forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e) ->
  forall x y w, (x < n)%nat -> (y < n)%nat -> (w < n)%nat ->
  op (inv x) (op x y) = y /\ op (inv x) (op (op x w) y) = op w y.
Proof.
  intros closed assoc identity inverse x y w Hx Hy Hw. destruct (inverse x Hx) as [Hi [H1 _]].
  assert (cancel : forall v, (v < n)%nat -> op (inv x) (op x v) = v).
  { intros v Hv. rewrite <- (assoc (inv x) x v), H1 by assumption. apply identity, Hv. }
  split; [apply cancel, Hy|]. rewrite (assoc x w y) by assumption. apply cancel, closed; assumption.
Qed.

(** Theorem 4 (gaps), for the rounded network. *)
Theorem gaps_rounded_sound N kl ku a r generators sets :
  rounds N kl ku a r -> gaps_rounded a (width N) r generators sets <= right_pairs N.
Proof.
  intros R. unfold gaps_rounded. cbv zeta.
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
  clearbody inv. clear Hinv.
  assert (Hn : n = order N) by (apply (shape_table _ _ _ _ _ R)).
  assert (Su : zshaped n m (rows_unembed r)) by (rewrite Hn; apply R).
  unfold count_gaps. cbv zeta. fold t op.
  destruct (gaps_fit r sets) eqn:Fit; [|apply right_pairs_nonneg].
  set (kinds := kinds_of n e sets).
  set (errors := tabulate n (reading_errors r sets (map (widths n r) sets) kinds)).
  set (need := 2 * slack a m (writes_most r) (reads_most r) + 1).
  unfold right_pairs. rewrite <- Hn. apply sum_le. intros x Hx. cbv beta. apply sum_le. intros y Hy. cbv beta zeta.
  rewrite row_of_spec. cbn [fst snd].
  set (outputs := tabulate n (output_at n op inv r sets x)).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:P end; [|destruct (right_answerb N x y); lia].
  assert (Hxy : (op x y < n)%nat) by (apply closed; assumption).
  unfold outputs in P at 1. rewrite nth_map_tabulate in P by exact Hxy.
  unfold errors in P. rewrite tabulate_nth in P by exact Hy.
  unfold reading_errors in P. cbv zeta in P.
  set (own := fst (output_at n op inv r sets x (op x y))) in P.
  rewrite combine_map, map_map in P. cbn [fst snd] in P.
  set (found_error := fun G => set_error (nth y (rows_right r) nil) G (widths n r G) y) in P.
  rewrite combine_maps, forallb_forall in P.
  assert (Hright : right_answer N x y); [|apply right_answerb_spec in Hright; rewrite Hright; lia].
  apply (margin_right N kl ku a r x y R); [lia|lia|].
  unfold margin_above. fold t op n. cbv zeta. change (table_product t x y) with (op x y). fold m need.
  split; [exact Hxy|]. intros z Hz Hne.
  destruct (middle_of n op e inv closed assoc identity inverse x y z Hx Hy Hz) as [w [Hw [Hxw Hwe]]].
  specialize (Hwe Hne).
  destruct (quotient n op e inv closed assoc identity inverse x y w Hx Hy Hw) as [Hc0 Hcz]. rewrite Hxw in Hcz.
  (* the rival z *)
  specialize (P _ (in_map _ _ _ (kinds_cover n e sets w Hw Hwe))). cbn [fst snd] in P. apply Z.leb_le in P.
  assert (Hrival : fst (output_at n op inv r sets x z) -
                   allowance (kind_of sets w) (snd (output_at n op inv r sets x z)) <=
                   highest (map (fun out => fst out - allowance (kind_of sets w) (snd out)) outputs)).
  { apply highest_spec. apply (in_map (fun out => fst out - allowance (kind_of sets w) (snd out))).
    unfold outputs, tabulate. apply in_map, in_seq. lia. }
  (* every set *)
  assert (Facts : forall G v, In G sets -> (v < n)%nat ->
    fst (found_at n op inv r x v G) =
      sum (size G) (fun c => table_at m r G x c v (move_of G (op (inv x) v) c)) /\
    exists g, snd (found_at n op inv r x v G) = tabulate (size G) g /\
      forall c c', (c < size G)%nat -> (c' < size G)%nat -> c' <> move_of G (op (inv x) v) c ->
      table_at m r G x c v c' <= table_at m r G x c v (move_of G (op (inv x) v) c) - g c).
  { intros G v HG Hv. destruct (gset_facts n m op e generators sets closed assoc identity Hind Hok G HG) as [[Hr _] _].
    unfold found_at.
    apply (own_and_gaps_spec (size G) _ (move_of G (op (inv x) v)) (fun c c' => table_at m r G x c v c')).
    - intros c c' Hc Hc'. unfold prepare_set. rewrite nth_map_tabulate by exact Hc.
      apply (point_table_entry n m op e generators sets r closed assoc identity Hind Hok Su Fit); assumption.
    - intros c Hc. apply Hr; [apply closed; [exact (proj1 (inverse x Hx))|exact Hv]|exact Hc]. }
  set (V := fun i : nat => Z.abs (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i)).
  assert (Each : forall G, In G sets ->
    fst (found_at n op inv r x (op x y) G) -
    (fst (found_at n op inv r x z G) -
     smallest (sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0)) (snd (found_at n op inv r x z G))) -
    (fst (found_error G) -
     smallest (sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0)) (snd (found_error G))) <=
    sum (size G) (fun c => lsum (fun E =>
      (zentry (rows_unembed r) (op x y) (fst E) - zentry (rows_unembed r) z (fst E)) *
      relu (zentry (rows_left r) x (fst E) + zentry (rows_right r) y (fst E))) (members_of G c))).
  { intros G HG. destruct (Facts G (op x y) HG Hxy) as [F1 _]. destruct (Facts G z HG Hz) as [F2 [g [F3 F4]]].
    rewrite F1, F2, F3, Hc0, Hcz. rewrite Hcz in F4.
    pose proof (set_margin n m op e inv generators sets r closed assoc identity Hind inverse Hok
             G x y w z V g HG Hx Hy Hw (fun E c _ _ => Z.le_refl _) F4) as SM.
    pose proof (set_error_sound n m op e inv generators sets r closed assoc identity Hind inverse Hok G x y w z HG Hx Hy Hw (eq_sym Hxw)) as SE.
    cbv zeta in SE. fold V in SE. fold (found_error G) in SE.
    eapply Z.le_trans; [|exact SM]. apply Z.sub_le_mono_l, SE. }
  pose proof (lsum_le _ _ _ sets Each) as All. rewrite !lsum_minus in All. cbv beta in All.
  (* the allowance, set by set *)
  set (rival := highest _) in P, Hrival.
  unfold output_at in Hrival. unfold own, output_at in P. cbn [fst snd] in Hrival, P.
  unfold kind_of in Hrival. rewrite allowance_map in Hrival.
  unfold kind_of in P. rewrite (map_map found_error), allowance_map in P. rewrite fold_map_lsum in P.
  (* the two outputs of the rounded network *)
  assert (Margin : logit (rounded_network m r) x y (op x y) - logit (rounded_network m r) x y z =
    lsum (fun G => sum (size G) (fun c => lsum (fun E =>
      (zentry (rows_unembed r) (op x y) (fst E) - zentry (rows_unembed r) z (fst E)) *
      relu (zentry (rows_left r) x (fst E) + zentry (rows_right r) y (fst E))) (members_of G c))) sets +
    (nth (op x y) (row_bias r) 0 - nth z (row_bias r) 0)).
  { rewrite <- (by_points n m op e generators sets closed assoc identity Hind Hok (fun i =>
      (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i) *
      relu (zentry (rows_left r) x i + zentry (rows_right r) y i))).
    unfold logit. cbn [width rounded_network unembed bias left right].
    rewrite (sum_ext m (fun i => (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i) * _)
      (fun i => zentry (rows_unembed r) (op x y) i * relu (zentry (rows_left r) x i + zentry (rows_right r) y i) -
                zentry (rows_unembed r) z i * relu (zentry (rows_left r) x i + zentry (rows_right r) y i)))
      by (intros; ring).
    rewrite sum_minus. ring. }
  rewrite Margin. lia.
Qed.
