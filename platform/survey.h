/* SPDX-License-Identifier: MIT */
/*
 * survey: what this system has for taps that nobody has asked for yet, for --doctor. Looks, and
 * changes nothing. Provided by platform/<os>/survey.c.
 */
#pragma once

#include <glib.h>

#include "platform/net.h"

typedef enum {
	SURVEY_OK,
	SURVEY_NOTE,	/* something that not every VM needs is missing */
	SURVEY_WARNING, /* taps will not be what they should be */
	SURVEY_ERROR,	/* there will be no tap */
} SurveyRank;

/*
 * Is called for each thing that was looked at. @line is about @subject: "text; cure", the cure
 * where there is one. @status: with which a start would end, of an error, else 0.
 */
typedef void (*SurveyTell)(
	SurveyRank rank, int status, const char *subject, const char *line, gpointer data);

/* Where taps come from. FALSE if there is none to be had. */
gboolean survey_device(SurveyTell tell, gpointer data);

/* The helper as a file: FALSE if we cannot even start it, or root stands in for it. */
gboolean survey_helper(SurveyTell tell, gpointer data);

/* For when the helper did not come to tell itself: has it a capability at all? */
void survey_capability(SurveyTell tell, gpointer data);

/*
 * What the policy lets users have, line by line; root needs none. Whether it is sound, the helper
 * tells.
 */
void survey_policy(SurveyTell tell, gpointer data);

/* What one of its lines would let us ask for. */
typedef struct {
	char ifname[16];
	NetAddress hosts[2];  /* an IPv4 and an IPv6 address on small subnets, or family 0 */
	NetAddress guests[2]; /* in them, /32 and /128 */
	gboolean nat, dhcp;
} SurveyAllowance;

/* SurveyAllowance, of each line that allows taps; root's has all. Owned by the caller. */
GArray *survey_allowances(void);

/* Could a dialog ask for the privilege? */
void survey_pkexec(SurveyTell tell, gpointer data);

/* --rootless */
void survey_rootless(SurveyTell tell, gpointer data);

/* Programs that configure every interface they see. */
void survey_neighbours(SurveyTell tell, gpointer data);

/* Taps of ours that are there although nobody uses them. */
void survey_leftovers(SurveyTell tell, gpointer data);
