(** Lemma 3 (Light): the table is a group's, from a test on generators. *)
From Coq Require Import ZArith List Uint63 Bool Lia Arith.
From Rhoset Require Import Spec Sums Rounding.
Import ListNotations.
Open Scope nat_scope.

Section Light.
  Variables (n : nat) (op : nat -> nat -> nat) (e : nat).
  Hypothesis closed : forall x y, x < n -> y < n -> op x y < n.
  Hypothesis e_in : e < n.
  Hypothesis identity : forall x, x < n -> op e x = x /\ op x e = x.
  Hypothesis inverses : forall x, x < n -> exists y, y < n /\ op x y = e.

  (** The elements that may stand in the middle. *)
  Definition middle (a : nat) : Prop := forall x y, x < n -> y < n -> op (op x a) y = op x (op a y).

  Lemma middle_identity : middle e.
  Proof. intros x y Hx Hy. destruct (identity x Hx) as [_ ->]. destruct (identity y Hy) as [-> _]. reflexivity. Qed.

  Lemma middle_product a b : a < n -> b < n -> middle a -> middle b -> middle (op a b).
  Proof.
    intros Ha Hb Ma Mb x y Hx Hy.
    rewrite <- (Ma x b Hx Hb), (Mb (op x a) y (closed _ _ Hx Ha) Hy), (Ma x (op b y) Hx (closed _ _ Hb Hy)).
    f_equal. symmetry. apply Mb; assumption.
  Qed.

  Lemma light : (forall a, a < n -> middle a) -> is_group n op.
  Proof.
    intros Hm. assert (assoc : forall x y z, x < n -> y < n -> z < n -> op (op x y) z = op x (op y z))
      by (intros; apply Hm; assumption).
    split; [exact closed|]. split; [exact assoc|]. exists e. split; [exact e_in|]. split; [exact identity|].
    intros x Hx. destruct (inverses x Hx) as [y [Hy Hxy]]. exists y. split; [exact Hy|]. split; [exact Hxy|].
    destruct (inverses y Hy) as [x' [Hx' Hyx']].
    (* x = x (y x') = (x y) x' = x' *)
    assert (x = x').
    { destruct (identity x Hx) as [_ Ex]. destruct (identity x' Hx') as [Ex' _].
      rewrite <- Ex, <- Hyx', <- assoc, Hxy by assumption. exact Ex'. }
    subst x'. exact Hyx'.
  Qed.
End Light.

(** ** The test on a table *)
Definition index (i : int) : nat := Z.to_nat (to_Z i).

Fixpoint same (a b : list int) : bool :=
  match a, b with
  | nil, nil => true
  | u :: a', v :: b' => (u =? v)%uint63 && same a' b'
  | _, _ => false
  end.

Lemma same_spec a b : same a b = true -> a = b.
Proof.
  revert b. induction a as [|u a IH]; intros [|v b]; simpl; try discriminate; auto.
  rewrite andb_true_iff. intros [H1 H2]. apply eqb_correct in H1. apply IH in H2. congruence.
Qed.

(** (x g) y = x (g y) for all x, y *)
Definition light_test (t : list (list int)) (g : nat) : bool :=
  let gy := map index (nth g t nil) in
  forallb (fun row => same (nth (index (nth g row 0%uint63)) t nil) (map (fun j => nth j row 0%uint63) gy)) t.

Definition is_identity (t : list (list int)) (e : nat) : bool :=
  forallb (fun x => (table_product t e x =? x) && (table_product t x e =? x)) (seq 0 (length t)).

Definition has_inverses (t : list (list int)) (e : int) : bool :=
  forallb (existsb (fun v => (v =? e)%uint63)) t.

Definition member (a : nat) (l : list nat) : bool := existsb (Nat.eqb a) l.

Fixpoint fresh (candidates seen : list nat) : list nat :=
  match candidates with
  | nil => nil
  | c :: rest => if member c seen then fresh rest seen else c :: fresh rest (c :: seen)
  end.

(** What products of generators reach. *)
Fixpoint reach (t : list (list int)) (generators : list nat) (fuel : nat) (todo seen : list nat) : list nat :=
  match fuel, todo with
  | S fuel', a :: rest =>
      let new := fresh (map (fun g => table_product t g a) generators) seen in
      reach t generators fuel' (new ++ rest) (new ++ seen)
  | _, _ => seen
  end.

Definition entries_below (t : list (list int)) : bool :=
  let n := of_Z (Z.of_nat (length t)) in forallb (forallb (fun v => (v <? n)%uint63)) t.

Definition find_identity (t : list (list int)) : option nat := find (is_identity t) (seq 0 (length t)).

(** The checker: any list of generators may be given. *)
Definition group (t : list (list int)) (generators : list nat) : bool :=
  let n := length t in
  shaped n n t && entries_below t && (Z.of_nat n <? 2 ^ 62)%Z &&
  match find_identity t with
  | None => false
  | Some e =>
      has_inverses t (of_Z (Z.of_nat e)) && forallb (fun g => (g <? n) && light_test t g) generators &&
      let reached := reach t generators n [e] [e] in forallb (fun a => member a reached) (seq 0 n)
  end.

Lemma member_spec a l : member a l = true <-> In a l.
Proof.
  unfold member. rewrite existsb_exists. split.
  - intros [b [Hb E]]. apply Nat.eqb_eq in E. subst. exact Hb.
  - intros H. exists a. split; [exact H|apply Nat.eqb_refl].
Qed.

Lemma fresh_incl candidates seen a : In a (fresh candidates seen) -> In a candidates.
Proof.
  revert seen. induction candidates as [|c l IH]; intros seen; simpl; [tauto|].
  destruct (member c seen); simpl; intros H; [right|destruct H; [left; assumption|right]]; eapply IH; eassumption.
Qed.

Lemma reach_invariant t generators (P : nat -> Prop) fuel :
  (forall g a, In g generators -> P a -> P (table_product t g a)) ->
  forall todo seen, (forall a, In a todo -> P a) -> (forall a, In a seen -> P a) ->
  forall a, In a (reach t generators fuel todo seen) -> P a.
Proof.
  intros HP. induction fuel as [|fuel IH]; intros todo seen Ht Hs; simpl; [exact Hs|].
  destruct todo as [|b rest]; [exact Hs|].
  assert (Hnew : forall a, In a (fresh (map (fun g => table_product t g b) generators) seen) -> P a).
  { intros a Ha. apply fresh_incl, in_map_iff in Ha. destruct Ha as [g [<- Hg]]. apply HP; [exact Hg|].
    apply Ht. left. reflexivity. }
  apply IH; intros a Ha; apply in_app_iff in Ha; destruct Ha as [Ha|Ha]; auto. apply Ht. right. exact Ha.
Qed.

Definition inductive (n : nat) (op : nat -> nat -> nat) (generators : list nat) (e : nat) : Prop :=
  forall P : nat -> Prop, P e -> (forall g a, In g generators -> g < n -> a < n -> P a -> P (op g a)) ->
  forall a, a < n -> P a.

(** All that the test proves: the identity that it found, and induction along generators. *)
Lemma group_facts t generators : group t generators = true ->
  let n := length t in
  is_group n (table_product t) /\
  exists e, find_identity t = Some e /\ e < n /\
    (forall x, x < n -> table_product t e x = x /\ table_product t x e = x) /\
    inductive n (table_product t) generators e.
Proof.
  unfold group. set (n := length t). rewrite !andb_true_iff. intros [[[Hshape Hbelow] Hn] H].
  apply shaped_spec in Hshape. destruct Hshape as [_ Hrow]. apply Z.ltb_lt in Hn.
  assert (Hvalue : to_Z (of_Z (Z.of_nat n)) = Z.of_nat n).
  { rewrite of_Z_spec. apply Z.mod_small. change wB with (2 * 2 ^ 62)%Z. lia. }
  assert (closed : forall x y, x < n -> y < n -> table_product t x y < n).
  { intros x y Hx Hy. unfold entries_below in Hbelow. rewrite forallb_forall in Hbelow.
    specialize (Hbelow (nth x t nil) (nth_In _ _ Hx)). rewrite forallb_forall in Hbelow.
    assert (Hy' : y < length (nth x t nil)) by (rewrite Hrow; auto).
    specialize (Hbelow _ (nth_In _ 0%uint63 Hy')). apply ltb_spec in Hbelow.
    fold n in Hbelow. rewrite Hvalue in Hbelow. unfold table_product, entry.
    pose proof (to_Z_bounded (nth y (nth x t nil) 0%uint63)). lia. }
  destruct (find_identity t) as [e|] eqn:E; [|discriminate].
  unfold find_identity in E. apply find_some in E. destruct E as [He E]. apply in_seq in He. fold n in He.
  unfold is_identity in E. rewrite forallb_forall in E.
  assert (identity : forall x, x < n -> table_product t e x = x /\ table_product t x e = x).
  { intros x Hx. specialize (E x). rewrite in_seq, andb_true_iff, !Nat.eqb_eq in E. apply E. fold n. lia. }
  rewrite !andb_true_iff in H. destruct H as [[Hinv Hgen] Hreach].
  assert (inverses : forall x, x < n -> exists y, y < n /\ table_product t x y = e).
  { intros x Hx. unfold has_inverses in Hinv. rewrite forallb_forall in Hinv.
    specialize (Hinv (nth x t nil) (nth_In _ _ Hx)). rewrite existsb_exists in Hinv.
    destruct Hinv as [v [Hv Ev]]. apply eqb_correct in Ev. subst v.
    apply (In_nth _ _ 0%uint63) in Hv. destruct Hv as [y [Hy Ey]]. rewrite Hrow in Hy by assumption.
    exists y. split; [exact Hy|]. unfold table_product, entry. rewrite Ey, of_Z_spec, Z.mod_small, Nat2Z.id; auto.
    change wB with (2 * 2 ^ 62)%Z. lia. }
  rewrite forallb_forall in Hgen.
  assert (Hmiddle : forall g, In g generators -> g < n /\ middle n (table_product t) g).
  { intros g Hg. specialize (Hgen g Hg). rewrite andb_true_iff, Nat.ltb_lt in Hgen. destruct Hgen as [Hgn Hlight].
    split; [exact Hgn|]. intros x y Hx Hy. unfold light_test in Hlight. rewrite forallb_forall in Hlight.
    specialize (Hlight (nth x t nil) (nth_In _ _ Hx)). apply same_spec in Hlight.
    assert (Hentry : entry t (table_product t x g) y = entry t x (table_product t g y)).
    { unfold entry at 1. change (table_product t x g) with (index (nth g (nth x t nil) 0%uint63)). rewrite Hlight.
      rewrite (nth_indep _ 0%uint63 ((fun j => nth j (nth x t nil) 0%uint63) O))
        by (rewrite !map_length, Hrow; auto).
      rewrite (map_nth (fun j => nth j (nth x t nil) 0%uint63)). unfold entry at 1. f_equal.
      rewrite (nth_indep _ O (index 0%uint63)) by (rewrite map_length, Hrow; auto).
      rewrite map_nth. reflexivity. }
    unfold table_product at 1 3. rewrite Hentry. reflexivity. }
  assert (He' : e < n) by lia.
  rewrite forallb_forall in Hreach.
  assert (Hind : inductive n (table_product t) generators e).
  { intros P Pe Pg a Ha. specialize (Hreach a).
    rewrite in_seq in Hreach. specialize (Hreach ltac:(lia)). apply member_spec in Hreach.
    pose proof (reach_invariant t generators (fun a => a < n /\ P a) n) as Hr.
    refine (proj2 (Hr _ [e] [e] _ _ a Hreach)).
    - intros g b Hg [Hb Pb]. destruct (Hmiddle g Hg) as [Hgn _]. split; auto.
    - intros b [<-|[]]. split; assumption.
    - intros b [<-|[]]. split; assumption. }
  split.
  - apply (light n (table_product t) e closed He' identity inverses).
    apply Hind; [apply middle_identity; auto|]. intros g a Hg Hgn Ha Ma. destruct (Hmiddle g Hg) as [_ Mg].
    apply middle_product; auto.
  - exists e. split; [reflexivity|]. split; [exact He'|]. split; [exact identity|exact Hind].
Qed.

Theorem group_sound t generators : group t generators = true -> is_group (length t) (table_product t).
Proof. intros H. apply (group_facts t generators H). Qed.
